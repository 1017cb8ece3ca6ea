"""A random forest as a predictive distribution: every prediction is a weighting of the records it was fitted
on."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.impute import SimpleImputer

Floats = npt.NDArray[np.float64]

MISSING = -1e4  # no feature comes near it, so that a split can set what is missing apart


def missing_apart() -> SimpleImputer:
    """A step that makes missing values such that a tree can set them apart, in columns without values too."""
    return SimpleImputer(strategy="constant", fill_value=MISSING, keep_empty_features=True)


class WeightingForest:
    """Extremely randomised trees whose leaves say which records a new one is like (Meinshausen, Quantile
    Regression Forests, JMLR 2006; Athey, Tibshirani and Wager, Generalized Random Forests, 2019)."""

    def __init__(self, *, trees: int = 200, seed: int = 0, least_in_leaf: int = 5) -> None:
        self._forest = ExtraTreesRegressor(
            trees, min_samples_leaf=least_in_leaf, max_features=0.4, random_state=seed
        )

    def fit(self, features: pd.DataFrame, targets: Floats) -> "WeightingForest":
        """Grows the trees on targets of shape (records, outputs), each output on a scale of its own."""
        filled = _filled(features)
        self._forest.fit(filled, targets / np.maximum(targets.std(axis=0), 1e-9))
        leaves = self._leaves(filled)
        sizes = np.maximum(np.asarray(leaves.sum(axis=0)).ravel(), 1.0)  # an inner node holds nothing
        self._by_leaf = sparse.csr_matrix((leaves @ sparse.diags_array(1 / sizes)).T)
        return self

    def weights(self, features: pd.DataFrame) -> Any:
        """How much of each prediction comes from each record fitted: sparse, (predictions, records), rows
        sum to 1."""
        return self._leaves(_filled(features)) @ self._by_leaf / len(self._forest.estimators_)

    def _leaves(self, filled: npt.NDArray[np.float32]) -> Any:
        """The leaves that each record falls into: sparse 0 or 1, (records, leaves of all trees)."""
        found = self._forest.apply(filled)
        sizes = np.array([tree.tree_.node_count for tree in self._forest.estimators_])
        columns = found + np.concatenate([[0], np.cumsum(sizes)[:-1]])
        rows = np.repeat(np.arange(len(found)), found.shape[1])
        ones = np.ones(columns.size)
        return sparse.csr_matrix((ones, (rows, columns.ravel())), shape=(len(found), sizes.sum()))


def _filled(features: pd.DataFrame) -> npt.NDArray[np.float32]:
    return features.fillna(MISSING).to_numpy(np.float32)
