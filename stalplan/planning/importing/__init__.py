"""Running nodes -> the desired file that a person would have written of them."""
