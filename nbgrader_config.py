"""How nbgrader releases and grades the lessons: copy this file into the folder of your own course."""

from course_utils.authoring.build import STUB, TIMEOUT_S

c = get_config()  # noqa: F821 (nbgrader gives it)
c.ClearSolutions.code_stub = {"python": STUB}
c.ExecutePreprocessor.timeout = TIMEOUT_S  # seconds a cell; nbgrader's own 30 are too few for a training
