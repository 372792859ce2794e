"""Model files of others: measured by their description before Keras reads them."""
