//! The pool: its commands come in, our reports and archives go out. Nothing is acknowledged before it is on disk.

mod listen;
mod report;
mod token;
mod upload;

pub(crate) use listen::Listener;
pub(crate) use report::Reporter;
pub(crate) use token::Tokens;
pub(crate) use upload::Uploader;
