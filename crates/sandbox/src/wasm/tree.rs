//! The files that an app sees: a tree in memory, whose contents lie in nameless parts inside the output folder.
//!
//! The app never names a path of this machine: every name is looked up here. So nothing escapes, listings are
//! sorted, times are zero, and sizes are counted exactly, on every machine alike. Keep it so: no call of the
//! operating system may take a name that the app chose, before [`Tree::publish`].

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::errno::{Errno, Fault};
use crate::{Error, Job, Limit};

/// Entries that an input folder may have: the tree is held in memory.
const MOST_INPUTS: u64 = 100_000;
/// Folders inside folders, at most: bounds every walk.
const DEEPEST: usize = 64;
/// Bytes of one name, at most: what file systems commonly allow.
const LONGEST_NAME: usize = 255;

/// One file or folder, also its inode number; never used twice in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(pub(super) u64);

/// `/iexec_in`
pub(super) const INPUT: NodeId = NodeId(1);
/// `/iexec_out`
pub(super) const OUTPUT: NodeId = NodeId(2);

#[derive(Debug)]
pub(super) enum Kind {
    Folder { entries: BTreeMap<String, NodeId> },
    File { host: PathBuf, size: u64 },
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) writable: bool,
    /// The folder that lists it; `None` for the two roots, and for what was removed while open.
    parent: Option<NodeId>,
    opens: u32,
}

/// Both folders of a job, and what the output may still grow by.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: BTreeMap<NodeId, Node>,
    next: u64,
    parts: TempDir,
    room: Room,
}

/// What the output holds and may hold.
#[derive(Debug)]
struct Room {
    bytes: u64,
    most_bytes: u64,
    peak_bytes: u64,
    count: u64,
    most_count: u64,
}

impl Tree {
    /// The input folder as it is, and an empty output.
    ///
    /// # Errors
    /// [`Error::Machine`] when a folder cannot be read or written; [`Error::BadJob`] when the input is too large.
    pub(super) fn open(job: &Job) -> Result<Self, Error> {
        let parts = tempfile::Builder::new().prefix(".parts-").tempdir_in(&job.output);
        let parts = parts.map_err(Error::machine("write to", &job.output))?;
        let room =
            Room { bytes: 0, most_bytes: job.limits.disk, peak_bytes: 0, count: 0, most_count: job.limits.files };
        let mut tree = Self { nodes: BTreeMap::new(), next: OUTPUT.0 + 1, parts, room };
        for (root, writable) in [(INPUT, false), (OUTPUT, true)] {
            let kind = Kind::Folder { entries: BTreeMap::new() };
            tree.nodes.insert(root, Node { kind, writable, parent: None, opens: 1 });
        }
        tree.load(job, &job.input, INPUT, 0)?;
        Ok(tree)
    }

    /// Takes in plain files and folders; links and devices do not exist for the app.
    fn load(&mut self, job: &Job, folder: &Path, into: NodeId, depth: usize) -> Result<(), Error> {
        let listing = std::fs::read_dir(folder).map_err(Error::machine("list", folder))?;
        let mut found = listing.collect::<Result<Vec<_>, _>>().map_err(Error::machine("list", folder))?;
        found.sort_by_key(std::fs::DirEntry::file_name);
        for entry in found {
            let path = entry.path();
            let about = entry.metadata().map_err(Error::machine("read", &path))?; // does not follow links
            let Ok(name) = entry.file_name().into_string() else { continue };
            if depth >= DEEPEST || self.next > MOST_INPUTS {
                let problem = format!("its input has over {MOST_INPUTS} entries, or over {DEEPEST} levels");
                return Err(Error::BadJob { job: job.name.clone(), problem });
            }
            if about.is_dir() {
                let id = self.attach(into, name, Kind::Folder { entries: BTreeMap::new() }, false);
                self.load(job, &path, id, depth + 1)?;
            } else if about.is_file() {
                self.attach(into, name, Kind::File { host: path, size: about.len() }, false);
            }
        }
        Ok(())
    }

    fn attach(&mut self, parent: NodeId, name: String, kind: Kind, writable: bool) -> NodeId {
        let id = NodeId(self.next);
        self.next += 1;
        self.nodes.insert(id, Node { kind, writable, parent: Some(parent), opens: 0 });
        self.entries_mut(parent).insert(name, id);
        id
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(&id).expect("an id lives as long as its entry or its last handle")
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.nodes.get_mut(&id).expect("an id lives as long as its entry or its last handle")
    }

    /// The entries of a folder, sorted by name.
    pub(super) fn entries(&self, id: NodeId) -> Result<&BTreeMap<String, NodeId>, Errno> {
        match &self.node(id).kind {
            Kind::Folder { entries } => Ok(entries),
            Kind::File { .. } => Err(Errno::NotFolder),
        }
    }

    fn entries_mut(&mut self, id: NodeId) -> &mut BTreeMap<String, NodeId> {
        match &mut self.node_mut(id).kind {
            Kind::Folder { entries } => entries,
            Kind::File { .. } => unreachable!("only folders are parents"),
        }
    }

    /// The size of a file; 0 for a folder.
    pub(super) fn size(&self, id: NodeId) -> u64 {
        match &self.node(id).kind {
            Kind::Folder { .. } => 0,
            Kind::File { size, .. } => *size,
        }
    }

    /// The folder that `path` ends in, and the last name; no name when the path ends at that folder itself.
    ///
    /// # Errors
    /// [`Errno::Outside`] for an absolute path, or `..` above the job's folder.
    pub(super) fn walk<'p>(&self, base: NodeId, path: &'p str) -> Result<(NodeId, Option<&'p str>), Errno> {
        if path.starts_with('/') {
            return Err(Errno::Outside);
        }
        if path.is_empty() {
            return Err(Errno::NotFound);
        }
        let (mut at, mut last) = (base, None);
        for name in path.split('/').filter(|name| !name.is_empty() && *name != ".") {
            if let Some(folder) = last.take() {
                at = self.child(at, folder)?;
            }
            self.entries(at)?;
            if name == ".." {
                at = self.node(at).parent.ok_or(Errno::Outside)?;
            } else {
                check_name(name)?;
                last = Some(name);
            }
        }
        Ok((at, last))
    }

    fn child(&self, folder: NodeId, name: &str) -> Result<NodeId, Errno> {
        self.entries(folder)?.get(name).copied().ok_or(Errno::NotFound)
    }

    /// What `path` names.
    pub(super) fn find(&self, base: NodeId, path: &str) -> Result<NodeId, Errno> {
        let (folder, name) = self.walk(base, path)?;
        let found = name.map_or(Ok(folder), |name| self.child(folder, name))?;
        if path.ends_with('/') {
            self.entries(found)?;
        }
        Ok(found)
    }

    /// A new, empty file or folder.
    pub(super) fn create(&mut self, folder: NodeId, name: &str, as_folder: bool) -> Result<NodeId, Fault> {
        self.check_writable(folder)?;
        if self.entries(folder)?.contains_key(name) {
            return Err(Errno::Exists.into());
        }
        if self.depth(folder) >= DEEPEST {
            return Err(Errno::NameTooLong.into());
        }
        if self.room.count >= self.room.most_count {
            return Err(Fault::limit(Limit::Files));
        }
        let kind = if as_folder { Kind::Folder { entries: BTreeMap::new() } } else { self.new_part()? };
        self.room.count += 1;
        Ok(self.attach(folder, name.to_owned(), kind, true))
    }

    fn new_part(&self) -> Result<Kind, Error> {
        let host = self.parts.path().join(self.next.to_string());
        File::create_new(&host).map_err(Error::machine("create", &host))?;
        Ok(Kind::File { host, size: 0 })
    }

    fn check_writable(&self, folder: NodeId) -> Result<(), Errno> {
        let node = self.node(folder);
        match node.parent {
            _ if !node.writable => Err(Errno::ReadOnly),
            None if folder != OUTPUT => Err(Errno::NotFound), // removed while open
            _ => Ok(()),
        }
    }

    fn depth(&self, mut id: NodeId) -> usize {
        let mut depth = 0;
        while let Some(parent) = self.node(id).parent {
            (id, depth) = (parent, depth + 1);
        }
        depth
    }

    /// Levels of folders below `id`; 0 for a file or an empty folder.
    fn height(&self, id: NodeId) -> usize {
        let below = self.entries(id).into_iter().flatten();
        below.map(|(_, child)| 1 + self.height(*child)).max().unwrap_or(0)
    }

    /// The file's bytes, for reading, and for writing where it is writable. Counts as open until [`Tree::close`].
    pub(super) fn open_file(&mut self, id: NodeId) -> Result<File, Fault> {
        let node = self.node(id);
        let Kind::File { host, .. } = &node.kind else { return Err(Errno::IsFolder.into()) };
        let opened = OpenOptions::new().read(true).write(node.writable).open(host);
        let file = opened.map_err(Error::machine("open", host))?;
        self.node_mut(id).opens += 1;
        Ok(file)
    }

    /// Counts a folder as open until [`Tree::close`].
    pub(super) fn open_folder(&mut self, id: NodeId) {
        self.node_mut(id).opens += 1;
    }

    /// The counterpart of the two above.
    pub(super) fn close(&mut self, id: NodeId) {
        self.node_mut(id).opens -= 1;
        self.forget_if_gone(id);
    }

    /// Makes room for `end` bytes in the file, or for as many as still fit; returns how many it holds now.
    pub(super) fn grow(&mut self, id: NodeId, end: u64) -> u64 {
        let free = self.room.most_bytes - self.room.bytes;
        let size = self.size(id);
        let grown = end.clamp(size, size.saturating_add(free));
        self.set_size(id, grown);
        grown
    }

    /// Gives back what is behind `end`.
    pub(super) fn shrink(&mut self, id: NodeId, end: u64) {
        let kept = end.min(self.size(id));
        self.set_size(id, kept);
    }

    fn set_size(&mut self, id: NodeId, new: u64) {
        let Kind::File { size, .. } = &mut self.node_mut(id).kind else { return };
        let old = std::mem::replace(size, new);
        self.room.bytes = self.room.bytes - old + new;
        self.room.peak_bytes = self.room.peak_bytes.max(self.room.bytes);
    }

    /// Removes a file, or an empty folder.
    pub(super) fn remove(&mut self, base: NodeId, path: &str, as_folder: bool) -> Result<(), Fault> {
        let (folder, name) = self.walk(base, path)?;
        let name = name.ok_or(Errno::Invalid)?;
        let id = self.child(folder, name)?;
        self.check_writable(folder)?;
        match &self.node(id).kind {
            Kind::Folder { .. } if !as_folder => return Err(Errno::IsFolder.into()),
            Kind::Folder { entries } if !entries.is_empty() => return Err(Errno::NotEmpty.into()),
            Kind::File { .. } if as_folder || path.ends_with('/') => return Err(Errno::NotFolder.into()),
            Kind::Folder { .. } | Kind::File { .. } => self.detach(folder, name),
        }
        Ok(())
    }

    fn detach(&mut self, folder: NodeId, name: &str) {
        if let Some(id) = self.entries_mut(folder).remove(name) {
            self.node_mut(id).parent = None;
            self.forget_if_gone(id);
        }
    }

    /// What is neither listed nor open gives its room back.
    fn forget_if_gone(&mut self, id: NodeId) {
        let node = self.node(id);
        if node.parent.is_some() || node.opens > 0 || !node.writable || id == OUTPUT {
            return;
        }
        self.set_size(id, 0);
        self.room.count -= 1;
        if let Some(Node { kind: Kind::File { host, .. }, .. }) = self.nodes.remove(&id) {
            // A part that stays behind goes with the folder of parts.
            let _left_for_later = std::fs::remove_file(host);
        }
    }

    /// Gives `from` the name `to`; replaces a file, or an empty folder, as POSIX says.
    pub(super) fn rename(&mut self, from: (NodeId, &str), to: (NodeId, &str)) -> Result<(), Fault> {
        let (old_folder, old_name) = self.walk(from.0, from.1)?;
        let (new_folder, new_name) = self.walk(to.0, to.1)?;
        let (old_name, new_name) = (old_name.ok_or(Errno::Invalid)?, new_name.ok_or(Errno::Invalid)?);
        let id = self.child(old_folder, old_name)?;
        self.check_writable(old_folder)?;
        self.check_writable(new_folder)?;
        let replaced = self.entries(new_folder)?.get(new_name).copied();
        if replaced == Some(id) {
            return Ok(());
        }
        self.check_move(id, new_folder, replaced)?;
        self.detach(new_folder, new_name);
        self.entries_mut(old_folder).remove(old_name);
        self.entries_mut(new_folder).insert(new_name.to_owned(), id);
        self.node_mut(id).parent = Some(new_folder);
        Ok(())
    }

    fn check_move(&self, id: NodeId, into: NodeId, replaced: Option<NodeId>) -> Result<(), Errno> {
        let mut above = Some(into);
        while let Some(at) = above {
            if at == id {
                return Err(Errno::Invalid); // a folder into itself
            }
            above = self.node(at).parent;
        }
        if self.depth(into) + self.height(id) >= DEEPEST {
            return Err(Errno::NameTooLong);
        }
        match (&self.node(id).kind, replaced.map(|other| &self.node(other).kind)) {
            (Kind::Folder { .. }, Some(Kind::File { .. })) => Err(Errno::NotFolder),
            (Kind::File { .. }, Some(Kind::Folder { .. })) => Err(Errno::IsFolder),
            (Kind::Folder { .. }, Some(Kind::Folder { entries })) if !entries.is_empty() => Err(Errno::NotEmpty),
            _ => Ok(()),
        }
    }

    /// Most bytes the output held at once.
    pub(super) const fn peak(&self) -> u64 {
        self.room.peak_bytes
    }

    /// Lays the app's files out under their names in `output`. Only plain folders and files appear.
    ///
    /// # Errors
    /// [`Error::Machine`] when the folder cannot be written.
    pub(super) fn publish(self, output: &Path) -> Result<u64, Error> {
        self.lay_out(OUTPUT, output)?;
        let peak = self.peak();
        let folder = self.parts.path().to_owned();
        self.parts.close().map_err(Error::machine("remove", folder))?;
        Ok(peak)
    }

    fn lay_out(&self, folder: NodeId, at: &Path) -> Result<(), Error> {
        for (name, id) in self.entries(folder).into_iter().flatten() {
            let path = at.join(name);
            match &self.node(*id).kind {
                Kind::File { host, .. } => {
                    std::fs::rename(host, &path).map_err(Error::machine("move a result to", path))?;
                }
                Kind::Folder { .. } => {
                    std::fs::create_dir(&path).map_err(Error::machine("create", &path))?;
                    self.lay_out(*id, &path)?;
                }
            }
        }
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), Errno> {
    match name {
        _ if name.len() > LONGEST_NAME => Err(Errno::NameTooLong),
        _ if name.contains('\0') => Err(Errno::IllegalName),
        _ => Ok(()),
    }
}
