"""What you write down: contact laws, equations of state, and the boxes and bonds made of them."""
