"""Drawing some of the rows so that every class keeps its share."""

from __future__ import annotations

import numpy as np

from course_utils import CourseError


def stratified_rows(labels: np.ndarray, n_rows: int, seed: int, name: str) -> np.ndarray:
    """Indices of rows drawn without replacement, each class in its share of the whole.

    Parameters
    ----------
    labels : ndarray, shape (n,)
        Class of each row.
    n_rows : int
        Rows to draw, from the number of classes to n.
    seed : int
        Of the draw.
    name : str
        Name of the data set, for the message.

    Returns
    -------
    ndarray, shape (n_rows,), int64
        In random order, or all in their own order when `n_rows` is n.

    Raises
    ------
    CourseError
        There are fewer rows than asked for, or more classes than rows were asked for.
    """
    from sklearn.model_selection import train_test_split

    rows, kinds = np.arange(len(labels)), len(np.unique(labels))
    if n_rows > len(rows):
        raise CourseError(f"{name} has {len(rows)} rows, {n_rows} were asked for: ask for fewer")
    if n_rows < kinds:
        raise CourseError(f"{n_rows} rows of {name} cannot show all {kinds} classes: ask for more")
    if n_rows <= len(rows) - kinds:  # else there is not one row of each class to leave out
        return train_test_split(rows, train_size=n_rows, stratify=labels, random_state=seed)[0]
    return rows if n_rows == len(rows) else np.random.default_rng(seed).permutation(rows)[:n_rows]
