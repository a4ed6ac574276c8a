"""Who a person is, as far as numbers and names tell: pure, without Django."""
