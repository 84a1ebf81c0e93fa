"""What readers of different rows would read in a model: coefficients, and the columns a tree asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from sklearn import linear_model, tree
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tqdm import tqdm

from course_utils import CourseError


class Readings(NamedTuple):
    """The same models from two samples of a table.

    Attributes
    ----------
    names : ndarray of str, shape (n_coefficients,)
        Of the coefficients: a column of numbers, or `column: category`.
    coefficients : ndarray, shape (2, n_coefficients)
        Of a linear model on each sample; numbers are scaled.
    asked : tuple of two sets of str
        The table's columns that a tree of three levels asks for, on each sample.
    """

    names: np.ndarray
    coefficients: np.ndarray
    asked: tuple[set[str], set[str]]


def disjoint(
    table: pd.DataFrame, unit: str, n_units: int, n_pairs: int, seed: int
) -> list[list[pd.DataFrame]]:
    """So many pairs of samples, each all rows of so many units (days, houses); no two share a unit.

    Raises
    ------
    CourseError
        The table has fewer units than all samples together.
    """
    units = np.random.default_rng(seed).permutation(table[unit].unique())
    if len(units) < (needed := 2 * n_pairs * n_units):
        raise CourseError(f"the table has {len(units)} of {unit}, {needed} were asked for: ask for fewer")
    parts = units[:needed].reshape(n_pairs, 2, n_units)
    return [[table[table[unit].isin(part)] for part in both] for both in parts]


def read(
    both: Sequence[pd.DataFrame], categories: Sequence[str], numbers: Sequence[str], target: str
) -> Readings:
    """Fit a linear model and a tree of three levels to each sample.

    The linear model is logistic regression for a target of two values, else least squares. A category's
    coefficient is told against the mean of its column's: a constant that moves from all of them to the
    intercept changes no prediction, and nearly no penalty.

    Categories with less than 1 % of the rows are one. Categories, missing numbers and scales are learned
    from both samples, so that their coefficients mean the same.

    Parameters
    ----------
    both : two DataFrames
        As `disjoint` gives them.
    categories, numbers, target : str
        Columns; no category column has an underscore in its name.
    """
    scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    steps = (OneHotEncoder(min_frequency=0.01), list(categories)), (scaled, list(numbers))
    columns = make_column_transformer(*steps, verbose_feature_names_out=False).fit(pd.concat(both))
    names = columns.get_feature_names_out()
    of_table = np.array([name if name in numbers else name.split("_")[0] for name in names])
    two_values = both[0][target].nunique() == 2
    linear = linear_model.LogisticRegression(max_iter=500) if two_values else linear_model.LinearRegression()
    grower = tree.DecisionTreeClassifier if two_values else tree.DecisionTreeRegressor
    coefficients, asked = [], []
    for sample in both:
        X = columns.transform(sample)
        fitted = np.ravel(linear.fit(X, sample[target]).coef_)
        there = np.ravel((X != 0).sum(axis=0)) > 0  # a category that this sample lacks keeps its 0
        for column in categories:
            fitted[there & (of_table == column)] -= fitted[there & (of_table == column)].mean()
        coefficients.append(fitted)
        nodes = grower(max_depth=3, random_state=0).fit(X, sample[target]).tree_.feature
        asked.append(set(of_table[nodes[nodes >= 0]].tolist()))  # a leaf has -2
    names = [name if name in numbers else _readable(name) for name in names]
    return Readings(np.array(names), np.array(coefficients), tuple(asked))


def _readable(name: str) -> str:
    """The name of a category's column as somebody would write it."""
    return name.replace("_infrequent_sklearn", ": rare ones").replace("_", ": ", 1)


def read_all(
    pairs: Sequence[Sequence[pd.DataFrame]], columns: tuple[Sequence[str], Sequence[str], str]
) -> list[Readings]:
    """`read` of each of these pairs; `columns` are categories, numbers and target."""
    return [read(both, *columns) for both in tqdm(pairs, desc="pairs of samples")]


def large(coefficients: np.ndarray) -> np.ndarray:
    """Which of them are at least a tenth of the largest in size, (n_coefficients,) of bool."""
    return np.abs(coefficients) >= 0.1 * np.abs(coefficients).max()


def signs_kept(coefficients: np.ndarray) -> float:
    """Large coefficients from one sample with the same sign from the other, in %; the mean of both ways."""
    same = np.sign(coefficients[0]) == np.sign(coefficients[1])
    return float(np.mean([100 * same[large(each)].mean() for each in coefficients]))


def turns(readings: Sequence[Readings], least: int) -> list[tuple[str, int, int]]:
    """How often each coefficient's sign is another one on the other sample, the most faithful first.

    Returns
    -------
    list of (str, int, int)
        Name, turns, and how often it was large, of two samples a pair; those that were so `least` times.
    """
    large_ones, turned = Counter(), Counter()
    for pair in readings:
        other = np.sign(pair.coefficients[0]) != np.sign(pair.coefficients[1])
        for sample in pair.coefficients:
            large_ones.update(pair.names[large(sample)])
            turned.update(pair.names[large(sample) & other])
    often = [(str(name), turned[name], n) for name, n in large_ones.items() if n >= least]
    return sorted(often, key=lambda each: each[1] / each[2])


def shared_columns(one: set[str], other: set[str], n_columns: int) -> float:
    """Jaccard index of two sets out of so many columns, corrected for chance, in %.

    100 for the same columns, 0 for what two random sets of these sizes share on average.

    References
    ----------
    Hubert, L., & Arabie, P. (1985). Comparing partitions. Journal of Classification, 2, 193-218: the form
    (index - expected) / (1 - expected).
    """
    sizes = len(one), len(other)
    if not all(0 < size < n_columns for size in sizes):
        raise CourseError(f"expected sets of 1 to {n_columns - 1} columns, got sizes {sizes}")
    common = np.arange(min(sizes) + 1)
    expected = stats.hypergeom.pmf(common, n_columns, *sizes) @ (common / (sum(sizes) - common))
    return float(100 * (len(one & other) / len(one | other) - expected) / (1 - expected))
