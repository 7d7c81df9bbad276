"""The control plane: decisions (`reconciler`), their store, the registry, and the process."""
