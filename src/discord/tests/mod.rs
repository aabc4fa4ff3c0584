//! Classification and messages by table, the client over real sockets.

mod classify;
