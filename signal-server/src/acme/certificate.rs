//! A certificate with its key, as it is kept and served: pure.
//!
//! In: PEM text (RFC 7468), from the data folder or from an authority. Out: what rustls serves, and
//! from when to when, for which names. What always holds: key and certificate belong together.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use visavis_shared::Timestamp;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::renewal::Validity;

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error("it holds no certificate and key in PEM form")]
    NoPem,
    #[error("its certificate can't be read")]
    Unreadable,
    #[error("certificate and key can't be used together: {0}")]
    Unusable(#[from] rustls::Error),
}

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) validity: Validity,
    /// The DNS names that it is for, in lower case.
    pub(crate) names: Vec<String>,
    /// Whether it is signed by itself.
    pub(crate) self_signed: bool,
}

impl Facts {
    /// Reads what a certificate in DER form says (RFC 5280 §4.1).
    pub(crate) fn read(certificate: &CertificateDer<'_>) -> Result<Self, CertificateError> {
        let unreadable = CertificateError::Unreadable;
        let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
            return Err(unreadable);
        };
        let at = |time: x509_parser::time::ASN1Time| {
            Timestamp::from_unix_seconds(u64::try_from(time.timestamp()).unwrap_or_default())
        };
        let validity = Validity {
            not_before: at(certificate.validity().not_before),
            not_after: at(certificate.validity().not_after),
        };
        let Ok(names) = certificate.subject_alternative_name() else { return Err(unreadable) };
        let names = names.into_iter().flat_map(|names| &names.value.general_names);
        let names = names.filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        });
        Ok(Self {
            validity,
            names: names.collect(),
            self_signed: certificate.subject() == certificate.issuer(),
        })
    }

    /// Whether it is for a name, by itself or by a wildcard for one label (RFC 9525 §6.3).
    pub(crate) fn is_for(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.names.iter().any(|own| match own.strip_prefix("*.") {
            Some(parent) => name.split_once('.').is_some_and(|(_, rest)| rest == parent),
            None => *own == name,
        })
    }
}

/// A certificate that can be served.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) key: CertifiedKey,
    pub(crate) facts: Facts,
}

impl Certificate {
    /// Reads a chain with its key, in whatever order they stand.
    pub(crate) fn from_pem(pem: &[u8]) -> Result<Self, CertificateError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let chain = chain.map_err(|_| CertificateError::NoPem)?;
        let first = chain.first().ok_or(CertificateError::NoPem)?;
        let facts = Facts::read(first)?;
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| CertificateError::NoPem)?;
        let key = CertifiedKey::from_der(chain, key, &ring::default_provider())?;
        Ok(Self { key, facts })
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn made(names: &[&str]) -> (String, String) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        (params.not_before, params.not_after) =
            (date_time_ymd(2026, 1, 2), date_time_ymd(2026, 4, 2));
        let key = KeyPair::generate().unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    #[test]
    fn a_certificate_says_for_which_names_and_until_when_it_is() {
        let (chain, key) = made(&["calls.example.org", "*.example.net"]);
        let certificate = Certificate::from_pem((chain + &key).as_bytes()).unwrap();
        let facts = certificate.facts;
        let times = [facts.validity.not_before, facts.validity.not_after];
        let times = times.map(|time| time.to_string());
        assert_eq!(times, ["2026-01-02T00:00:00Z", "2026-04-02T00:00:00Z"]);
        for name in ["calls.example.org", "CALLS.example.org", "a.example.net"] {
            assert!(facts.is_for(name), "{name}");
        }
        for name in ["example.org", "example.net", "a.b.example.net", "x.calls.example.org", ""] {
            assert!(!facts.is_for(name), "{name}");
        }
        assert!(facts.self_signed);
    }

    #[test]
    fn what_does_not_belong_together_or_is_half_is_refused() {
        let ((chain, key), (other_chain, other_key)) = (made(&["a.org"]), made(&["b.org"]));
        let of = |pem: &str| Certificate::from_pem(pem.as_bytes());
        assert!(of(&format!("{key}{chain}")).is_ok(), "the order is no matter");
        assert!(matches!(of(&format!("{chain}{other_key}")), Err(CertificateError::Unusable(_))));
        assert!(matches!(of(&format!("{other_chain}{key}")), Err(CertificateError::Unusable(_))));
        for half in [chain.as_str(), &key, "", "rubbish", &chain[..chain.len() / 2]] {
            assert!(matches!(of(half), Err(CertificateError::NoPem)), "{half}");
        }
    }

    #[test]
    fn rubbish_in_a_certificate_never_panics() {
        let (chain, _) = made(&["calls.example.org"]);
        let der = CertificateDer::from_pem_slice(chain.as_bytes()).unwrap();
        for at in 0..der.len() {
            for change in [1, 0x80, 0xff] {
                let mut bytes = der.to_vec();
                bytes[at] ^= change;
                let _ = Facts::read(&bytes.into());
            }
            let _ = Facts::read(&der[..at].to_vec().into());
        }
    }
}
