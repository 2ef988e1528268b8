"""Git hooks: one file each, found by listing; beside them what installs, runs and limits them."""
