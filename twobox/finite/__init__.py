"""Boxes of finite size, beyond the leading order: trajectories, jumps, exact results, and how to run many."""
