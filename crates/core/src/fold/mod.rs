//! The fold: a pure function from a conversation's events and a profile to its facts.
