"""Boxes of finite size, beyond the leading order: trajectories, jump processes, exact results, how to run many."""
