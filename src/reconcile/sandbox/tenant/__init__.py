"""An emulated Microsoft 365 tenant: sign-in, Graph v1.0 and Exchange's InvokeCommand over HTTPS on loopback."""
