"""What follows: mean equations, Lyapunov equation, the steady state, and the closed forms of two boxes."""
