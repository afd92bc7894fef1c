"""Sphinx configuration: MyST pages, and the reference from docstrings."""

from importlib.metadata import version as installed_version

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

project = "mnemon"
author = "The mnemon contributors"
copyright = "The mnemon contributors, Apache-2.0"
release = version = installed_version("mnemon")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"mnemon {release}"
html_copy_source = False

default_role = "code"  # docstrings write `name` for code
myst_heading_anchors = 3

autodoc_class_signature = "separated"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_numpy_docstring = False

# The build works offline, so names of other libraries cannot be looked up. Type aliases and type
# variables have no page of their own, nor have private names, which bases may be. A wrong link to
# anything else that begins with mnemon fails.
nitpick_ignore_regex = [
    (r"py:.*", r"(?!mnemon\b).*"),
    (r"py:.*", r"mnemon(\.\w+)*\._.*"),
    (r"py:.*", r".*\.Item"),
    (r"py:class", r".*\.SQLiteOperations"),  # what stores over one file share; nobody else builds on it
]


def name_the_builtin(_: Sphinx, document: nodes.document) -> None:
    """Tell the type `bytes` from attributes of that name, of which results have two."""
    for reference in document.findall(pending_xref):
        if reference["reftarget"] == "bytes":
            reference["reftarget"] = "builtins.bytes"


def setup(app: Sphinx) -> None:
    """Connect what this project adds to Sphinx."""
    app.connect("doctree-read", name_the_builtin)
