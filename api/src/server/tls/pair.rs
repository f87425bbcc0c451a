//! A certificate and its key, from files to what TLS needs.

use std::{
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rustls::{
    Error, InconsistentKeys,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use x509_cert::{
    Certificate,
    der::{DateTime, Decode},
};

use crate::config::TlsFiles;

/// Why a certificate and a key cannot be used. Nothing of the key is in it.
#[derive(Debug, thiserror::Error)]
pub enum BadPair {
    /// A file is missing, or closed to this process.
    #[error("{} cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        cause: io::Error,
    },
    /// The one file has no certificate.
    #[error("{} has no certificate that can be read; it has to be PEM: \"-----BEGIN CERTIFICATE-----\"", .0.display())]
    NoCertificate(PathBuf),
    /// The other has no key.
    #[error("{} has no private key that can be read; it has to be PEM and not encrypted: \"-----BEGIN PRIVATE KEY-----\"", .0.display())]
    NoKey(PathBuf),
    /// They are two, but no pair.
    #[error("the key in {} is not that of the first certificate in {}; the server's own comes first, then those of its authorities",
        .0.key.display(), .0.certificate.display())]
    Mismatch(TlsFiles),
    /// A kind of certificate or key that is not supported, or damage inside of one.
    #[error("{} and {} cannot be used: {cause}", files.certificate.display(), files.key.display())]
    Unusable {
        /// The files.
        files: TlsFiles,
        /// What is wrong with them.
        cause: Error,
    },
}

/// What the two files hold.
#[derive(PartialEq, Eq)]
pub(super) struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Contents {
    pub(super) fn read(files: &TlsFiles) -> Result<Self, BadPair> {
        Ok(Self {
            certificate: read(&files.certificate)?,
            key: read(&files.key)?,
        })
    }

    /// Makes them a pair that TLS can use, if they are one.
    pub(super) fn pair(&self, files: &TlsFiles) -> Result<CertifiedKey, BadPair> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<_, _>>()
            .ok()
            .filter(|chain: &Vec<_>| !chain.is_empty())
            .ok_or_else(|| BadPair::NoCertificate(files.certificate.clone()))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| BadPair::NoKey(files.key.clone()))?;
        CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                BadPair::Mismatch(files.clone())
            }
            cause => BadPair::Unusable {
                files: files.clone(),
                cause,
            },
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, BadPair> {
    std::fs::read(path).map_err(|cause| BadPair::Unreadable {
        path: path.to_owned(),
        cause,
    })
}

/// When a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Validity {
    /// That of a pair's own certificate; `None` where it cannot be told.
    pub(super) fn of(pair: &CertifiedKey) -> Option<Self> {
        let certificate = Certificate::from_der(pair.end_entity_cert().ok()?).ok()?;
        let validity = certificate.tbs_certificate.validity;
        Some(Self {
            from: timestamp(validity.not_before.to_date_time())?,
            until: timestamp(validity.not_after.to_date_time())?,
        })
    }
}

fn timestamp(time: DateTime) -> Option<Timestamp> {
    let seconds = time.unix_duration().as_secs();
    Timestamp::from_second(seconds.try_into().ok()?).ok()
}
