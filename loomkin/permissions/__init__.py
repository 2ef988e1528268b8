"""Who may do what: rules, shell analysis, the policy, the gate that asks, and hooks around tools."""
