//! The proof of a saving: adjusted baseline less actual cost, with its interval and verdict.
