"""The parts of the probe: how it asks, what answers mean, what is kept of them."""
