"""Sphinx's settings for the course's site; `course_utils.authoring.site` lays its pages out and calls it."""

import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math import latex2mathml

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from course_utils.authoring import site  # noqa: E402

project = html_title = "Put to the Test"
author = "the authors of Put to the Test"
copyright = "text and figures CC BY 4.0, code MIT"
language = "en"

extensions = ["myst_nb"]
nb_execution_mode = "off"  # the stored outputs are those of a quiet machine
nb_output_stderr = "remove"  # progress bars
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3  # glossary.md#auc
exclude_patterns = ["extra", "doctrees"]

templates_path = [str(HERE / "templates")]
html_theme = "furo"
html_theme_options = {"navigation_with_keys": False, "top_of_page_buttons": []}
html_static_path = [str(HERE / "static")]
html_css_files = ["course.css"]
html_show_sourcelink = html_copy_source = html_use_index = False
html_math_renderer = "mathml"
pygments_style, pygments_dark_style = "a11y-high-contrast-light", "a11y-high-contrast-dark"


def formula(self, node: nodes.Element) -> None:
    """A formula as MathML, which every browser sets by itself and a screen reader reads."""
    markup = latex2mathml.tex2mathml(node.astext(), as_block=isinstance(node, nodes.math_block))
    self.body.append(markup)
    raise nodes.SkipNode


def setup(app) -> None:
    """Sphinx calls this once."""
    app.add_html_math_renderer("mathml", (formula, None), (formula, None))
    app.connect("doctree-read", site.keep_alt_texts)
    app.connect("html-page-context", site.mend_page, priority=900)  # after the theme
