"""REST under ``/api/v3``: the server side (`http`, in the control plane) and the client."""
