"""The site: the pages of this folder, the gallery, the catalogue of theorems, and the API reference.

`nox -s docs` builds it. Nothing is fetched while it is built, and no page loads anything from elsewhere:
formulas are MathML, which browsers lay out themselves.
"""

import sys
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

project = "multimodal-bounds"
author = "the authors of multimodal-bounds"
copyright = f"the authors of {project}; MIT licence"
release = metadata.version(project)
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "extensions.formulas",
    "extensions.front_page",
    "extensions.api",
    "extensions.explorer",
    "extensions.theorems",
]
root_doc = "index"
exclude_patterns = ["gallery/*.md5", "gallery/*.zip", "gallery/*.json", "gallery/sg_*"]
templates_path = ["templates"]
language = "en"
nitpicky = True
default_role = "code"
smartquotes = False
suppress_warnings = ["config.cache"]

# ---- Markdown, read as GitHub reads it
myst_heading_anchors = 4
myst_links_external_new_tab = False

# ---- docstrings
autodoc_member_order = "bysource"
autodoc_typehints = "none"
add_module_names = False
autodoc_class_signature = "mixed"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# ---- formulas as MathML
html_math_renderer = "mathml"

# ---- gallery
sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"/[a-z]\w*\.py$",
    "within_subsection_order": "extensions.gallery.order",
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
    "min_reported_time": 1e9,
    "abort_on_example_error": True,
    "image_scrapers": ("matplotlib",),
    "reset_modules": ("matplotlib",),
    "plot_gallery": True,
    "capture_repr": (),
    "write_computation_times": False,
    "matplotlib_animations": False,
}

# ---- pages
html_theme = "pydata_sphinx_theme"
html_title = project
html_static_path = ["static"]
html_extra_path = ["project/extra"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"**": ["contents.html"]}
html_theme_options = {
    "navbar_center": [],
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "navigation_with_keys": False,
}
