"""Setting up a lab's components after start, playing the platform team: one module a component."""
