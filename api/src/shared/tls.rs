//! TLS for the whole process.

/// Makes *ring* the cryptography of every TLS connection, those to the database included. To be called before the first one; once
/// it is chosen, another call changes nothing.
pub fn choose_provider() {
    // The error is the provider that was chosen before.
    drop(rustls::crypto::ring::default_provider().install_default());
}
