//! WASI preview 1: what is done with an open file. Every byte that goes to disk passes `write_at` here.

use std::os::unix::fs::FileExt as _;

use wasmtime::{Caller, Linker};

use super::errno::{Errno, Fault};
use super::guest::{Guest, call};
use super::handles::Handle;
use super::module::WASI;
use super::state::State;
use super::tree::{Kind, NodeId};
use crate::{Error, Limit};

const TYPE_CHARACTERS: u8 = 2;
const TYPE_FOLDER: u8 = 3;
const TYPE_FILE: u8 = 4;
/// Every right that WASI knows; what is really allowed is decided by each call.
const ALL_RIGHTS: u64 = (1 << 30) - 1;
/// Seek and tell: what tells a file from a terminal, for C libraries.
const SEEK_RIGHTS: u64 = 1 << 2 | 1 << 5;
/// Largest size of a file, whatever the disk limit: what offsets of the operating system can say.
const LARGEST: u64 = i64::MAX as u64;

/// # Errors
/// Never for the names below: each is defined once.
#[rustfmt::skip]
pub(super) fn add(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    type C<'a> = Caller<'a, State>;
    linker.func_wrap(WASI, "fd_read", |mut c: C<'_>, fd: u32, list: u32, count: u32, out: u32| call(&mut c, |g| read(g, fd, (list, count), None, out)))?;
    linker.func_wrap(WASI, "fd_pread", |mut c: C<'_>, fd: u32, list: u32, count: u32, at: u64, out: u32| call(&mut c, |g| read(g, fd, (list, count), Some(at), out)))?;
    linker.func_wrap(WASI, "fd_write", |mut c: C<'_>, fd: u32, list: u32, count: u32, out: u32| call(&mut c, |g| write(g, fd, (list, count), None, out)))?;
    linker.func_wrap(WASI, "fd_pwrite", |mut c: C<'_>, fd: u32, list: u32, count: u32, at: u64, out: u32| call(&mut c, |g| write(g, fd, (list, count), Some(at), out)))?;
    linker.func_wrap(WASI, "fd_seek", |mut c: C<'_>, fd: u32, by: i64, from: u32, out: u32| call(&mut c, |g| seek(g, fd, by, from, out)))?;
    linker.func_wrap(WASI, "fd_tell", |mut c: C<'_>, fd: u32, out: u32| call(&mut c, |g| seek(g, fd, 0, 1, out)))?;
    linker.func_wrap(WASI, "fd_allocate", |mut c: C<'_>, fd: u32, at: u64, len: u64| call(&mut c, |g| allocate(g, fd, at, len)))?;
    linker.func_wrap(WASI, "fd_filestat_set_size", |mut c: C<'_>, fd: u32, size: u64| call(&mut c, |g| set_size(g, fd, size)))?;
    linker.func_wrap(WASI, "fd_close", |mut c: C<'_>, fd: u32| call(&mut c, |g| close(g, fd)))?;
    linker.func_wrap(WASI, "fd_renumber", |mut c: C<'_>, from: u32, to: u32| call(&mut c, |g| renumber(g, from, to)))?;
    linker.func_wrap(WASI, "fd_readdir", |mut c: C<'_>, fd: u32, at: u32, len: u32, cookie: u64, out: u32| call(&mut c, |g| list(g, fd, (at, len), cookie, out)))?;
    linker.func_wrap(WASI, "fd_fdstat_get", |mut c: C<'_>, fd: u32, out: u32| call(&mut c, |g| describe(g, fd, out)))?;
    linker.func_wrap(WASI, "fd_filestat_get", |mut c: C<'_>, fd: u32, out: u32| call(&mut c, |g| stat(g, fd, out)))?;
    linker.func_wrap(WASI, "fd_prestat_get", |mut c: C<'_>, fd: u32, out: u32| call(&mut c, |g| preopen(g, fd, out)))?;
    linker.func_wrap(WASI, "fd_prestat_dir_name", |mut c: C<'_>, fd: u32, at: u32, len: u32| call(&mut c, |g| preopen_name(g, fd, at, len)))?;
    linker.func_wrap(WASI, "fd_fdstat_set_flags", |mut c: C<'_>, fd: u32, flags: u32| call(&mut c, |g| {
        g.state.handles.file(fd)?.append = flags & 1 == 1;
        Ok(())
    }))?;
    // Nothing to do, and nothing to lose: advice, times and flushes are of no effect on the result.
    linker.func_wrap(WASI, "fd_fdstat_set_rights", |mut c: C<'_>, fd: u32, _base: u64, _inherited: u64| call(&mut c, |g| known(g, fd)))?;
    linker.func_wrap(WASI, "fd_filestat_set_times", |mut c: C<'_>, fd: u32, _accessed: u64, _modified: u64, _how: u32| call(&mut c, |g| known(g, fd)))?;
    linker.func_wrap(WASI, "fd_advise", |mut c: C<'_>, fd: u32, _at: u64, _len: u64, _advice: u32| call(&mut c, |g| known(g, fd)))?;
    linker.func_wrap(WASI, "fd_datasync", |mut c: C<'_>, fd: u32| call(&mut c, |g| known(g, fd)))?;
    linker.func_wrap(WASI, "fd_sync", |mut c: C<'_>, fd: u32| call(&mut c, |g| known(g, fd)))?;
    Ok(())
}

fn known(g: &mut Guest<'_>, fd: u32) -> Result<(), Fault> {
    g.state.handles.get(fd)?;
    Ok(())
}

fn read(g: &mut Guest<'_>, fd: u32, (list, count): (u32, u32), at: Option<u64>, out: u32) -> Result<(), Fault> {
    if matches!(g.state.handles.get(fd)?, Handle::Stdin) {
        return Ok(g.put_u32(out, 0)?);
    }
    let mut total: u32 = 0;
    for (start, len) in g.pieces(list, count)? {
        let got = read_piece(g, fd, at.map(|at| at.saturating_add(total.into())), start, len)?;
        total = total.checked_add(got).ok_or(Errno::Invalid)?;
        if got < len {
            break;
        }
    }
    Ok(g.put_u32(out, total)?)
}

/// Fills the piece, up to the file's end: how much the operating system returns at once must not show.
fn read_piece(g: &mut Guest<'_>, fd: u32, at: Option<u64>, start: u32, len: u32) -> Result<u32, Fault> {
    g.bytes(start, len)?;
    let file = g.state.handles.file(fd)?;
    if !file.read {
        return Err(Errno::BadFd.into());
    }
    let (node, from) = (file.node, at.unwrap_or(file.offset));
    let left = g.state.tree.size(node).saturating_sub(from);
    let got = u32::try_from(left).map_or(len, |left| left.min(len));
    let into = &mut g.memory[start as usize..][..got as usize];
    file.host.read_exact_at(into, from).map_err(Error::machine("read", "a file of the job"))?;
    if at.is_none() {
        file.offset += u64::from(got);
    }
    Ok(got)
}

fn write(g: &mut Guest<'_>, fd: u32, (list, count): (u32, u32), at: Option<u64>, out: u32) -> Result<(), Fault> {
    let mut total: u32 = 0;
    for (start, len) in g.pieces(list, count)? {
        g.bytes(start, len)?;
        total = total.checked_add(len).ok_or(Errno::Invalid)?;
        let before = u64::from(total - len);
        write_piece(g, fd, at.map(|at| at.saturating_add(before)), start, len)?;
    }
    Ok(g.put_u32(out, total)?)
}

fn write_piece(g: &mut Guest<'_>, fd: u32, at: Option<u64>, start: u32, len: u32) -> Result<(), Fault> {
    let bytes = &g.memory[start as usize..][..len as usize];
    match g.state.handles.get(fd)? {
        Handle::Stdout => g.state.stdout.push(bytes),
        Handle::Stderr => g.state.stderr.push(bytes),
        Handle::Stdin => return Err(Errno::BadFd.into()),
        Handle::Folder { .. } => return Err(Errno::IsFolder.into()),
        Handle::File(_) => return write_file(g, fd, at, start, len),
    }
    Ok(())
}

fn write_file(g: &mut Guest<'_>, fd: u32, at: Option<u64>, start: u32, len: u32) -> Result<(), Fault> {
    let file = g.state.handles.file(fd)?;
    if !file.write {
        return Err(Errno::BadFd.into());
    }
    let from = at.unwrap_or(if file.append { g.state.tree.size(file.node) } else { file.offset });
    let end = from.checked_add(len.into()).filter(|end| *end <= LARGEST).ok_or(Errno::FileTooBig)?;
    if len == 0 {
        return Ok(());
    }
    let allowed = g.state.tree.grow(file.node, end).min(end);
    let fits = usize::try_from(allowed.saturating_sub(from)).expect("not more than the app's memory");
    let bytes = &g.memory[start as usize..][..fits];
    file.host.write_all_at(bytes, from).map_err(Error::machine("write", "a file of the output"))?;
    if allowed < end {
        file.host.set_len(g.state.tree.size(file.node)).map_err(Error::machine("grow", "a file of the output"))?;
        return Err(Fault::limit(Limit::Disk));
    }
    if at.is_none() {
        file.offset = end;
    }
    Ok(())
}

fn seek(g: &mut Guest<'_>, fd: u32, by: i64, from: u32, out: u32) -> Result<(), Fault> {
    let file = g.state.handles.file(fd)?;
    let base = match from {
        0 => 0,
        1 => file.offset,
        2 => g.state.tree.size(file.node),
        _ => return Err(Errno::Invalid.into()),
    };
    file.offset = base.checked_add_signed(by).filter(|offset| *offset <= LARGEST).ok_or(Errno::Invalid)?;
    let offset = file.offset;
    Ok(g.put_u64(out, offset)?)
}

fn allocate(g: &mut Guest<'_>, fd: u32, at: u64, len: u64) -> Result<(), Fault> {
    let end = at.checked_add(len).ok_or(Errno::FileTooBig)?;
    let node = g.state.handles.file(fd)?.node;
    if end <= g.state.tree.size(node) { Ok(()) } else { set_size(g, fd, end) }
}

fn set_size(g: &mut Guest<'_>, fd: u32, size: u64) -> Result<(), Fault> {
    let file = g.state.handles.file(fd)?;
    if !file.write {
        return Err(Errno::BadFd.into());
    }
    if size > LARGEST {
        return Err(Errno::FileTooBig.into());
    }
    g.state.tree.shrink(file.node, size);
    let allowed = g.state.tree.grow(file.node, size);
    file.host.set_len(allowed).map_err(Error::machine("resize", "a file of the output"))?;
    if allowed < size { Err(Fault::limit(Limit::Disk)) } else { Ok(()) }
}

fn close(g: &mut Guest<'_>, fd: u32) -> Result<(), Fault> {
    let closed = g.state.handles.remove(fd)?;
    if let Some(node) = closed.node() {
        drop(closed);
        g.state.tree.close(node);
    }
    Ok(())
}

fn renumber(g: &mut Guest<'_>, from: u32, to: u32) -> Result<(), Fault> {
    g.state.handles.get(to)?;
    let moved = g.state.handles.remove(from)?;
    if let Some(node) = g.state.handles.replace(to, moved).as_ref().and_then(Handle::node)
        && from != to
    {
        g.state.tree.close(node);
    }
    Ok(())
}

/// Sorted by name; a cookie is a position in that order, after `.` and `..`.
fn list(g: &mut Guest<'_>, fd: u32, (at, len): (u32, u32), cookie: u64, out: u32) -> Result<(), Fault> {
    let folder = g.state.handles.folder(fd)?;
    let named = g.state.tree.entries(folder)?.iter().map(|(name, id)| (name.as_str(), *id));
    let all = [(".", folder), ("..", folder)].into_iter().chain(named);
    let mut bytes = Vec::new();
    for (next, (name, id)) in (1_u64..).zip(all).skip(usize::try_from(cookie).map_err(|_| Errno::Invalid)?) {
        if bytes.len() >= len as usize {
            break;
        }
        bytes.extend(next.to_le_bytes());
        bytes.extend(id.0.to_le_bytes());
        bytes.extend(u32::try_from(name.len()).expect("names are short").to_le_bytes());
        bytes.extend([file_type(g.state, id), 0, 0, 0]);
        bytes.extend(name.as_bytes());
    }
    bytes.truncate(len as usize);
    g.put(at, &bytes)?;
    Ok(g.put_u32(out, u32::try_from(bytes.len()).expect("cut to a 32-bit length"))?)
}

fn file_type(state: &State, id: NodeId) -> u8 {
    match state.tree.node(id).kind {
        Kind::Folder { .. } => TYPE_FOLDER,
        Kind::File { .. } => TYPE_FILE,
    }
}

fn describe(g: &mut Guest<'_>, fd: u32, out: u32) -> Result<(), Fault> {
    let (kind, append, rights) = match g.state.handles.get(fd)? {
        Handle::Stdin | Handle::Stdout | Handle::Stderr => (TYPE_CHARACTERS, false, ALL_RIGHTS & !SEEK_RIGHTS),
        Handle::Folder { .. } => (TYPE_FOLDER, false, ALL_RIGHTS),
        Handle::File(file) => (TYPE_FILE, file.append, ALL_RIGHTS),
    };
    let mut about = [0; 24];
    (about[0], about[2]) = (kind, u8::from(append));
    about[8..16].copy_from_slice(&rights.to_le_bytes());
    about[16..24].copy_from_slice(&rights.to_le_bytes());
    Ok(g.put(out, &about)?)
}

fn stat(g: &mut Guest<'_>, fd: u32, out: u32) -> Result<(), Fault> {
    let node = g.state.handles.get(fd)?.node();
    Ok(g.put_stat(out, node)?)
}

impl Guest<'_> {
    /// What there is to know of a file, a folder or a stream: all times are zero.
    pub(super) fn put_stat(&mut self, out: u32, node: Option<NodeId>) -> Result<(), Errno> {
        let kind = node.map_or(TYPE_CHARACTERS, |id| file_type(self.state, id));
        let size = node.map_or(0, |id| self.state.tree.size(id));
        let mut about = [0; 64];
        about[8..16].copy_from_slice(&node.map_or(0, |id| id.0).to_le_bytes());
        about[16] = kind;
        about[24] = 1; // names of it
        about[32..40].copy_from_slice(&size.to_le_bytes());
        self.put(out, &about)
    }
}

fn preopen_of(state: &State, fd: u32) -> Result<&'static str, Errno> {
    match state.handles.get(fd)? {
        Handle::Folder { preopen: Some(name), .. } => Ok(name),
        _ => Err(Errno::BadFd),
    }
}

fn preopen(g: &mut Guest<'_>, fd: u32, out: u32) -> Result<(), Fault> {
    let len = preopen_of(g.state, fd)?.len();
    g.put_u32(out, 0)?; // the only kind there is: a folder
    Ok(g.put_u32(out.checked_add(4).ok_or(Errno::Fault)?, u32::try_from(len).expect("names are short"))?)
}

fn preopen_name(g: &mut Guest<'_>, fd: u32, at: u32, len: u32) -> Result<(), Fault> {
    let name = preopen_of(g.state, fd)?;
    if name.len() > len as usize {
        return Err(Errno::NameTooLong.into());
    }
    Ok(g.put(at, name.as_bytes())?)
}
