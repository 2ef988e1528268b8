"""Tools of the plan: tasks, what they wait for, who has them, how they end."""
