//! TikTok Shop as a local HTTP server.
