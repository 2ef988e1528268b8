"""Tools of the decision graph: log, ask, change, reconsider, write up."""
