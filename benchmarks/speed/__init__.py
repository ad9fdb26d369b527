"""How long training, searches and predictions take."""
