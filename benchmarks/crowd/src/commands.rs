//! What the benchmark that started us asks for: JSON lines on standard input, one JSON line on standard output for each.

use std::error::Error;
use std::io::{self, BufRead, Write};

use serde::de::DeserializeOwned;
use serde_json::Value;

pub trait Generator: Sized {
    type Spec: DeserializeOwned;
    type Command: DeserializeOwned;

    fn new(spec: Self::Spec) -> io::Result<Self>;

    /// Take in what comes, until a command has come.
    fn wait_for_command(&mut self) -> io::Result<()>;

    fn carry_out(&mut self, command: Self::Command) -> io::Result<Value>;
}

/// The main function of a generator: reads its spec from the file that the arguments name, and ends with standard input.
pub fn run<G: Generator>(name: &str) {
    if let Err(error) = carry_out_all::<G>(name) {
        eprintln!("{name}: {error}");
        std::process::exit(1);
    }
}

fn carry_out_all<G: Generator>(name: &str) -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or_else(|| format!("usage: {name} SPEC.json"))?;
    let mut generator = G::new(serde_json::from_str(&std::fs::read_to_string(path)?)?)?;
    let mut lines = io::stdin().lock();
    let mut line = String::new();
    loop {
        generator.wait_for_command()?;
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let answer = generator.carry_out(serde_json::from_str(&line)?)?;
        let mut out = io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
}
