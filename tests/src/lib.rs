//! Starts the real server and talks to it over HTTP.
