//! Where a network is: one small file that `fairgrid up` writes and every other command reads.

use std::path::Path;

use protocol::Address;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{Error, file};

/// Largest network file, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The addresses of one network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// JSON-RPC of a node.
    pub rpc: Url,
    /// The hub's proxy.
    pub hub: Address,
    /// The order book.
    pub market: Url,
    /// Where content-addressed files are fetched and added.
    pub gateway: Url,
    /// API of the pool, for progress before the chain shows any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Url>,
    /// Apps by name.
    #[serde(default)]
    pub catalogue: Vec<CatalogueEntry>,
}

/// An app that has a name on this network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueEntry {
    /// What `fairgrid run NAME` says.
    pub name: String,
    /// The app contract.
    pub app: Address,
    /// In a few words.
    #[serde(default)]
    pub description: String,
}

impl Network {
    /// Reads a network file.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Network`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = file::read(path, MAX_FILE)?;
        serde_json::from_slice(&text).map_err(|error| {
            Error::Network(format!("{} is not a network file: {error}; 'fairgrid up' writes one", path.display()))
        })
    }

    /// Writes a network file, whole or not at all.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(self).expect("addresses and texts always serialize");
        let partial = path.with_extension("partial");
        std::fs::write(&partial, text).map_err(Error::file("write", &partial))?;
        std::fs::rename(&partial, path).map_err(Error::file("write", path))
    }

    /// The app that `name` means: an address, or a name of the catalogue.
    ///
    /// # Errors
    /// [`Error::Usage`] listing what there is.
    pub fn app(&self, name: &str) -> Result<Address, Error> {
        if let Ok(address) = name.parse() {
            return Ok(address);
        }
        let found = self.catalogue.iter().find(|entry| entry.name == name);
        found.map(|entry| entry.app).ok_or_else(|| {
            let names: Vec<_> = self.catalogue.iter().map(|entry| entry.name.as_str()).collect();
            let there_is = if names.is_empty() { "no named apps".to_owned() } else { names.join(", ") };
            Error::Usage(format!("'{name}' is neither an address nor an app of this network: there is {there_is}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> Network {
        Network {
            rpc: "http://127.0.0.1:1".parse().unwrap(),
            hub: Address::repeat_byte(1),
            market: "http://127.0.0.1:2".parse().unwrap(),
            gateway: "http://127.0.0.1:3".parse().unwrap(),
            pool: None,
            catalogue: vec![CatalogueEntry {
                name: "raytracer".to_owned(),
                app: Address::repeat_byte(7),
                description: String::new(),
            }],
        }
    }

    #[test]
    fn a_written_network_is_read_back_and_rubbish_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("network.json");
        network().write(&path).unwrap();
        assert_eq!(Network::read(&path).unwrap(), network());
        std::fs::write(&path, "{").unwrap();
        assert!(Network::read(&path).unwrap_err().to_string().contains("is not a network file"));
        assert!(matches!(Network::read(&folder.path().join("none")), Err(Error::File { .. })));
    }

    #[test]
    fn an_app_is_found_by_address_or_name() {
        assert_eq!(network().app("raytracer").unwrap(), Address::repeat_byte(7));
        let address = Address::repeat_byte(9);
        assert_eq!(network().app(&address.to_string()).unwrap(), address);
        let error = network().app("blender").unwrap_err().to_string();
        assert!(error.contains("'blender'") && error.contains("raytracer"), "{error}");
    }
}
