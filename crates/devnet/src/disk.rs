//! Blocks and state on disk: one `redb` file, one write transaction a block, so a crash leaves a prefix of the chain.
//!
//! State is stored as versions (`key ‖ block -> value`), the same shape as in memory. Change [`FORMAT`] with any table.

use std::path::{Path, PathBuf};

use alloy::primitives::{Address, B256, Bytes, U256};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use revm::bytecode::Bytecode;

use crate::block::Block;
use crate::error::Error;
use crate::state::{Account, Diff, World};

/// Layout of the tables below.
const FORMAT: u64 = 1;
/// Cache of the database, in bytes: reads come from memory, so it only serves writes.
const CACHE: usize = 16 << 20;

const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
const BLOCKS: TableDefinition<u64, &[u8]> = TableDefinition::new("blocks");
/// Address and block, big-endian -> balance, nonce, code hash; empty: gone.
const ACCOUNTS: TableDefinition<[u8; 28], &[u8]> = TableDefinition::new("accounts");
/// Address, slot and block, big-endian -> value.
const SLOTS: TableDefinition<[u8; 60], [u8; 32]> = TableDefinition::new("slots");
const CODE: TableDefinition<[u8; 32], &[u8]> = TableDefinition::new("code");

/// The database of one chain.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
    database: Database,
}

impl Disk {
    /// Opens the chain in `folder`, or prepares an empty one.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::Corrupt`], [`Error::OtherChain`], [`Error::Format`] or [`Error::Disk`].
    pub(crate) fn open(folder: &Path, chain_id: u64) -> Result<Self, Error> {
        let failed = |cause: std::io::Error| Error::Disk { folder: folder.into(), cause: Box::new(cause) };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let path = folder.join("chain.redb");
        let database = Database::builder().set_cache_size(CACHE).create(&path);
        let database = database.map_err(|error| open_error(folder, error))?;
        let disk = Self { folder: folder.into(), database };
        disk.check_meta(chain_id)?;
        Ok(disk)
    }

    fn check_meta(&self, chain_id: u64) -> Result<(), Error> {
        let write = self.database.begin_write().map_err(|error| self.failed(error))?;
        let mut meta = write.open_table(META).map_err(|error| self.failed(error))?;
        let stored = |table: &redb::Table<'_, &str, u64>, key| {
            Ok::<_, Error>(table.get(key).map_err(|error| self.failed(error))?.map(|value| value.value()))
        };
        if let Some(found) = stored(&meta, "format")?.filter(|found| *found != FORMAT) {
            return Err(Error::Format { folder: self.folder.clone(), found, known: FORMAT });
        }
        if let Some(found) = stored(&meta, "chain_id")?.filter(|found| *found != chain_id) {
            return Err(Error::OtherChain { folder: self.folder.clone(), found, asked: chain_id });
        }
        meta.insert("format", FORMAT).map_err(|error| self.failed(error))?;
        meta.insert("chain_id", chain_id).map_err(|error| self.failed(error))?;
        drop(meta);
        for_each_table(&write).map_err(|error| self.failed(error))?;
        write.commit().map_err(|error| self.failed(error))
    }

    /// Reads everything back: the blocks in order, and the state at each.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the blocks are not one chain.
    pub(crate) fn load(&self) -> Result<(World, Vec<Block>), Error> {
        let read = self.database.begin_read().map_err(|error| self.failed(error))?;
        let mut world = World::default();
        let blocks = self.load_blocks(&read.open_table(BLOCKS).map_err(|error| self.failed(error))?)?;
        blocks.iter().for_each(|block| world.push_hash(block.hash));
        self.load_state(&read, &mut world)?;
        Ok((world, blocks))
    }

    fn load_blocks(&self, table: &impl redb::ReadableTable<u64, &'static [u8]>) -> Result<Vec<Block>, Error> {
        let mut blocks: Vec<Block> = Vec::new();
        for entry in table.iter().map_err(|error| self.failed(error))? {
            let (number, bytes) = entry.map_err(|error| self.failed(error))?;
            let number = number.value();
            let block = Block::from_bytes(bytes.value())
                .map_err(|error| self.corrupt(format!("block {number} cannot be read: {error}")))?;
            let follows = match blocks.last() {
                None => block.number() == 0,
                Some(parent) => block.number() == parent.number() + 1 && block.header.parent_hash == parent.hash,
            };
            if !follows || block.number() != number {
                return Err(self.corrupt(format!("block {number} does not follow its parent")));
            }
            blocks.push(block);
        }
        Ok(blocks)
    }

    fn load_state(&self, read: &redb::ReadTransaction, world: &mut World) -> Result<(), Error> {
        let accounts = read.open_table(ACCOUNTS).map_err(|error| self.failed(error))?;
        for entry in accounts.iter().map_err(|error| self.failed(error))? {
            let (key, value) = entry.map_err(|error| self.failed(error))?;
            let (address, block) = (Address::from_slice(&key.value()[..20]), number(&key.value()[20..]));
            let account = account_from(value.value()).ok_or_else(|| self.corrupt(format!("account {address}")))?;
            world.set_account(address, block, account);
        }
        let slots = read.open_table(SLOTS).map_err(|error| self.failed(error))?;
        for entry in slots.iter().map_err(|error| self.failed(error))? {
            let (key, value) = entry.map_err(|error| self.failed(error))?;
            let key = key.value();
            let (address, slot) = (Address::from_slice(&key[..20]), U256::from_be_slice(&key[20..52]));
            world.set_slot(address, slot, number(&key[52..]), U256::from_be_bytes(value.value()));
        }
        let code = read.open_table(CODE).map_err(|error| self.failed(error))?;
        for entry in code.iter().map_err(|error| self.failed(error))? {
            let (hash, bytes) = entry.map_err(|error| self.failed(error))?;
            let code = Bytecode::new_raw_checked(Bytes::copy_from_slice(bytes.value()))
                .map_err(|error| self.corrupt(format!("code: {error}")))?;
            world.set_code(B256::from(hash.value()), code);
        }
        Ok(())
    }

    /// Adds `block` and what it changed, as one transaction; `durable` waits for the disk.
    ///
    /// # Errors
    /// [`Error::Disk`]; then nothing of it was written.
    pub(crate) fn append(&self, block: &Block, diff: &Diff, durable: bool) -> Result<(), Error> {
        self.write(block, diff, durable).map_err(|error| self.failed(error))
    }

    fn write(&self, block: &Block, diff: &Diff, durable: bool) -> Result<(), redb::Error> {
        let mut write = self.database.begin_write()?;
        write.set_durability(if durable { redb::Durability::Immediate } else { redb::Durability::None })?;
        write.open_table(BLOCKS)?.insert(block.number(), block.to_bytes().as_slice())?;
        let number = block.number().to_be_bytes();
        let mut accounts = write.open_table(ACCOUNTS)?;
        for (address, account) in &diff.accounts {
            accounts.insert(join(&[address.as_slice(), &number]), account_bytes(account.as_ref()).as_slice())?;
        }
        drop(accounts);
        let mut slots = write.open_table(SLOTS)?;
        for ((address, slot), value) in &diff.slots {
            let key = join(&[address.as_slice(), &slot.to_be_bytes::<32>(), &number]);
            slots.insert(key, value.to_be_bytes::<32>())?;
        }
        drop(slots);
        let mut codes = write.open_table(CODE)?;
        for (hash, code) in &diff.code {
            codes.insert(hash.0, code.original_byte_slice())?;
        }
        drop(codes);
        write.commit()?;
        Ok(())
    }

    /// Waits until everything written so far is on the disk.
    ///
    /// # Errors
    /// [`Error::Disk`].
    pub(crate) fn sync(&self) -> Result<(), Error> {
        let write = self.database.begin_write().map_err(|error| self.failed(error))?;
        write.commit().map_err(|error| self.failed(error))
    }

    fn corrupt(&self, what: String) -> Error {
        Error::Corrupt { folder: self.folder.clone(), what }
    }

    fn failed(&self, error: impl Into<redb::Error>) -> Error {
        match error.into() {
            redb::Error::Corrupted(what) => self.corrupt(what),
            other => Error::Disk { folder: self.folder.clone(), cause: Box::new(other) },
        }
    }
}

fn for_each_table(write: &redb::WriteTransaction) -> Result<(), redb::Error> {
    write.open_table(BLOCKS)?;
    write.open_table(ACCOUNTS)?;
    write.open_table(SLOTS)?;
    write.open_table(CODE)?;
    Ok(())
}

fn open_error(folder: &Path, error: redb::DatabaseError) -> Error {
    let folder = folder.to_path_buf();
    match error {
        redb::DatabaseError::DatabaseAlreadyOpen => Error::Locked { folder },
        redb::DatabaseError::Storage(redb::StorageError::Io(cause))
            if !matches!(cause.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof) =>
        {
            Error::Disk { folder, cause: Box::new(cause) }
        }
        other => Error::Corrupt { folder, what: other.to_string() },
    }
}

fn join<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    parts.concat().try_into().expect("the parts of a key have fixed lengths")
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().expect("a key ends in 8 bytes"))
}

fn account_bytes(account: Option<&Account>) -> Vec<u8> {
    account.map_or_else(Vec::new, |account| {
        [&account.balance.to_be_bytes::<32>()[..], &account.nonce.to_be_bytes(), account.code_hash.as_slice()].concat()
    })
}

/// Outer `None`: not an account.
fn account_from(bytes: &[u8]) -> Option<Option<Account>> {
    if bytes.is_empty() {
        return Some(None);
    }
    let (balance, rest) = bytes.split_at_checked(32)?;
    let (nonce, code_hash) = rest.split_at_checked(8)?;
    let code_hash = B256::try_from(code_hash).ok()?;
    Some(Some(Account { balance: U256::from_be_slice(balance), nonce: number(nonce), code_hash }))
}
