//! PrestaShop as a local HTTP server.
