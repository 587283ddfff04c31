"""One module for each library: `LIBRARY` says what it offers and makes its objects."""
