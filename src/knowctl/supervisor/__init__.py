"""The parent process: it holds the socket, and starts, proves, replaces and ends what serves."""
