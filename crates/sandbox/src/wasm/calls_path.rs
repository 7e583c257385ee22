//! WASI preview 1: what is done with a path. Links of either kind do not exist here: what could lead out of the
//! job's folders is not checked, it is absent.

use wasmtime::{Caller, Linker};

use super::errno::{Errno, Fault};
use super::guest::{Guest, call};
use super::handles::{Handle, OpenFile};
use super::module::WASI;
use super::state::State;
use super::tree::{Kind, NodeId};

const CREATE: u32 = 1;
const FOLDER: u32 = 2;
const EXCLUSIVE: u32 = 4;
const TRUNCATE: u32 = 8;
const APPEND: u32 = 1;
const RIGHT_READ: u64 = 1 << 1;
const RIGHT_WRITE: u64 = 1 << 6;

/// # Errors
/// Never for the names below: each is defined once.
#[rustfmt::skip]
pub(super) fn add(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    type C<'a> = Caller<'a, State>;
    linker.func_wrap(WASI, "path_open", |mut c: C<'_>, fd: u32, _follow: u32, path: u32, len: u32, how: u32, rights: u64, _inherited: u64, flags: u32, out: u32| {
        call(&mut c, |g| open(g, fd, (path, len), &How { how, rights, flags }, out))
    })?;
    linker.func_wrap(WASI, "path_create_directory", |mut c: C<'_>, fd: u32, path: u32, len: u32| call(&mut c, |g| create_folder(g, fd, path, len)))?;
    linker.func_wrap(WASI, "path_remove_directory", |mut c: C<'_>, fd: u32, path: u32, len: u32| call(&mut c, |g| remove(g, fd, path, len, true)))?;
    linker.func_wrap(WASI, "path_unlink_file", |mut c: C<'_>, fd: u32, path: u32, len: u32| call(&mut c, |g| remove(g, fd, path, len, false)))?;
    linker.func_wrap(WASI, "path_rename", |mut c: C<'_>, fd: u32, path: u32, len: u32, new_fd: u32, new_path: u32, new_len: u32| {
        call(&mut c, |g| rename(g, (fd, path, len), (new_fd, new_path, new_len)))
    })?;
    linker.func_wrap(WASI, "path_filestat_get", |mut c: C<'_>, fd: u32, _follow: u32, path: u32, len: u32, out: u32| call(&mut c, |g| stat(g, fd, path, len, out)))?;
    linker.func_wrap(WASI, "path_filestat_set_times", |mut c: C<'_>, fd: u32, _follow: u32, path: u32, len: u32, _accessed: u64, _modified: u64, _how: u32| {
        call(&mut c, |g| find(g, fd, path, len).map(|_| ())) // times are always zero
    })?;
    linker.func_wrap(WASI, "path_readlink", |mut c: C<'_>, fd: u32, path: u32, len: u32, _to: u32, _room: u32, _out: u32| {
        call(&mut c, |g| find(g, fd, path, len).and_then(|_| Err(Errno::Invalid.into())))
    })?;
    linker.func_wrap(WASI, "path_link", |mut c: C<'_>, _fd: u32, _follow: u32, _path: u32, _len: u32, _new_fd: u32, _new_path: u32, _new_len: u32| call(&mut c, |_| no_links()))?;
    linker.func_wrap(WASI, "path_symlink", |mut c: C<'_>, _target: u32, _target_len: u32, _fd: u32, _path: u32, _len: u32| call(&mut c, |_| no_links()))?;
    Ok(())
}

const fn no_links() -> Result<(), Fault> {
    Err(Fault::Errno(Errno::NotPermitted))
}

/// How the app wants something opened: its flags, as WASI has them.
struct How {
    how: u32,
    rights: u64,
    flags: u32,
}

impl How {
    const fn wants(&self, flag: u32) -> bool {
        self.how & flag != 0
    }

    const fn writes(&self) -> bool {
        self.rights & RIGHT_WRITE != 0
    }
}

fn find(g: &mut Guest<'_>, fd: u32, path: u32, len: u32) -> Result<NodeId, Fault> {
    let (folder, path) = (g.state.handles.folder(fd)?, g.path(path, len)?);
    Ok(g.state.tree.find(folder, &path)?)
}

fn open(g: &mut Guest<'_>, fd: u32, (path, len): (u32, u32), how: &How, out: u32) -> Result<(), Fault> {
    let (folder, path) = (g.state.handles.folder(fd)?, g.path(path, len)?);
    g.state.handles.check_room()?;
    let node = match g.state.tree.find(folder, &path) {
        Ok(_) if how.wants(CREATE) && how.wants(EXCLUSIVE) => return Err(Errno::Exists.into()),
        Ok(node) => node,
        Err(Errno::NotFound) if how.wants(CREATE) && !how.wants(FOLDER) => create(g, folder, &path)?,
        Err(errno) => return Err(errno.into()),
    };
    let handle = match g.state.tree.node(node).kind {
        Kind::Folder { .. } => open_folder(g, node, how)?,
        Kind::File { .. } => open_file(g, node, how)?,
    };
    let fd = g.state.handles.insert(handle);
    Ok(g.put_u32(out, fd)?)
}

fn create(g: &mut Guest<'_>, folder: NodeId, path: &str) -> Result<NodeId, Fault> {
    let (folder, name) = g.state.tree.walk(folder, path)?;
    if path.ends_with('/') {
        return Err(Errno::IsFolder.into());
    }
    g.state.tree.create(folder, name.ok_or(Errno::IsFolder)?, false)
}

fn open_folder(g: &mut Guest<'_>, node: NodeId, how: &How) -> Result<Handle, Fault> {
    if how.wants(TRUNCATE) || (how.writes() && !how.wants(FOLDER)) {
        return Err(Errno::IsFolder.into());
    }
    g.state.tree.open_folder(node);
    Ok(Handle::Folder { node, preopen: None })
}

fn open_file(g: &mut Guest<'_>, node: NodeId, how: &How) -> Result<Handle, Fault> {
    if how.wants(FOLDER) {
        return Err(Errno::NotFolder.into());
    }
    let writes = how.writes() || how.wants(TRUNCATE);
    if writes && !g.state.tree.node(node).writable {
        return Err(Errno::ReadOnly.into());
    }
    let host = g.state.tree.open_file(node)?;
    if how.wants(TRUNCATE) {
        host.set_len(0).map_err(crate::Error::machine("truncate", "a file of the output"))?;
        g.state.tree.shrink(node, 0);
    }
    let (read, append) = (how.rights & RIGHT_READ != 0, how.flags & APPEND != 0);
    Ok(Handle::File(OpenFile { node, host, offset: 0, read, write: writes, append }))
}

fn create_folder(g: &mut Guest<'_>, fd: u32, path: u32, len: u32) -> Result<(), Fault> {
    let (folder, path) = (g.state.handles.folder(fd)?, g.path(path, len)?);
    let (folder, name) = g.state.tree.walk(folder, &path)?;
    g.state.tree.create(folder, name.ok_or(Errno::Exists)?, true).map(|_| ())
}

fn remove(g: &mut Guest<'_>, fd: u32, path: u32, len: u32, as_folder: bool) -> Result<(), Fault> {
    let (folder, path) = (g.state.handles.folder(fd)?, g.path(path, len)?);
    g.state.tree.remove(folder, &path, as_folder)
}

fn rename(g: &mut Guest<'_>, old: (u32, u32, u32), new: (u32, u32, u32)) -> Result<(), Fault> {
    let (from, old_path) = (g.state.handles.folder(old.0)?, g.path(old.1, old.2)?);
    let (to, new_path) = (g.state.handles.folder(new.0)?, g.path(new.1, new.2)?);
    g.state.tree.rename((from, &old_path), (to, &new_path))
}

fn stat(g: &mut Guest<'_>, fd: u32, path: u32, len: u32, out: u32) -> Result<(), Fault> {
    let node = find(g, fd, path, len)?;
    Ok(g.put_stat(out, Some(node))?)
}
