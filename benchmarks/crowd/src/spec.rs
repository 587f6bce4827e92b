//! What the runner says: whom to talk to and how (`Spec`, once), and what to do next (`Command`, a line each).
//!
//! A dialect is data: templates with `{channel}`, `{id}`, `{payload}`, `{x}` and `{y}`, and the texts to wait for. So one
//! generator speaks to every server that is compared, and a new one needs no line of Rust.

use serde::Deserialize;

#[derive(Deserialize)]
pub struct Spec {
    /// `host:port` of each server; people are spread over them in turn.
    pub servers: Vec<String>,
    pub channels: usize,
    /// The people of each channel who speak, in turn.
    pub speakers: usize,
    /// Characters in a message.
    pub payload: usize,
    pub dialect: Dialect,
}

#[derive(Deserialize)]
pub struct Dialect {
    pub path: String,
    /// Sent in order: each once a frame has come that contains its `when`, or at once if that is empty.
    #[serde(default)]
    pub opening: Vec<Step>,
    /// A frame that contains this says that the person is in.
    pub ready: String,
    pub chat: String,
    #[serde(default)]
    pub cursor: String,
    #[serde(default)]
    pub typing: String,
    /// What stands before the seven digits of a cursor's time, in frames that contain `cursor_frame`.
    #[serde(default)]
    pub cursor_mark: String,
    #[serde(default)]
    pub cursor_frame: String,
    /// A WebSocket frame may hold more than one message.
    #[serde(default)]
    pub several: bool,
    /// (ping, pong) of protocols that do their own in text.
    #[serde(default)]
    pub pings: Vec<(String, String)>,
}

#[derive(Deserialize)]
pub struct Step {
    #[serde(default)]
    pub when: String,
    pub send: String,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// Until `people` are in, with at most `at_once` on their way in.
    Connect { people: usize, at_once: usize, patience: f64 },
    /// Messages, cursors and drafts a second, all people together, for `seconds`; then until all has arrived or
    /// `patience` seconds have gone.
    Talk {
        rate: f64,
        #[serde(default)]
        cursors: f64,
        #[serde(default)]
        drafts: f64,
        seconds: f64,
        patience: f64,
    },
    /// Close the last `people` connections (speakers come first, so they stay), without a word.
    Drop { people: usize },
}
