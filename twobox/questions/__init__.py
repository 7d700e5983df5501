"""What one asks of a steady state: how it relaxes, what bounds it, what many boxes do, time, currents."""
