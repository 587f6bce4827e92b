//! WebSocket frames (RFC 6455, 5.2): what servers send is unmasked, what we send is masked.

pub const TEXT: u8 = 1;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// (opcode, where the payload begins, where it ends) of the frame that begins at `at`, or None if it is not whole.
pub fn next(bytes: &[u8], at: usize) -> Option<(u8, usize, usize)> {
    let head = bytes.get(at..at + 2)?;
    let (from, length) = match head[1] & 0x7f {
        126 => (at + 4, u16::from_be_bytes(bytes.get(at + 2..at + 4)?.try_into().ok()?) as usize),
        127 => (at + 10, u64::from_be_bytes(bytes.get(at + 2..at + 10)?.try_into().ok()?) as usize),
        short => (at + 2, short as usize),
    };
    (bytes.len() >= from + length).then_some((head[0] & 0x0f, from, from + length))
}

/// One whole frame from a client.
pub fn masked(opcode: u8, payload: &[u8], key: u32) -> Vec<u8> {
    let key = key.to_ne_bytes();
    let mut frame = Vec::with_capacity(payload.len() + 14);
    frame.push(0x80 | opcode);
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_one_after_the_other_and_never_half() {
        let mut bytes = vec![0x81, 2, b'h', b'i', 0x89, 0, 0x81, 126, 0, 200];
        bytes.extend([b'x'; 199]);
        assert_eq!(next(&bytes, 0), Some((TEXT, 2, 4)));
        assert_eq!(next(&bytes, 4), Some((PING, 6, 6)));
        assert_eq!(next(&bytes, 6), None);
        bytes.push(b'x');
        assert_eq!(next(&bytes, 6), Some((TEXT, 10, 210)));
        assert_eq!(next(&bytes, 210), None);
    }

    #[test]
    fn a_masked_frame_unmasks_to_what_went_in() {
        let frame = masked(TEXT, b"hello", 0x0403_0201);
        assert_eq!(frame[..2], [0x81, 0x85]);
        let key = &frame[2..6];
        let payload: Vec<u8> = frame[6..].iter().zip(key.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(payload, b"hello");
    }
}
