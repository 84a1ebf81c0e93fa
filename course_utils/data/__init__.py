"""One loader a data set, a reader's own data, checked downloads."""
