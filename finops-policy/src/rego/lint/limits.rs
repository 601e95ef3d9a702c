//! What a source must keep to before regorus may read it: its parser and the drop of its tree recurse once a level
//! and read nested brackets twice a level, so a hostile source would overflow the stack or never end.

/// Bytes of one module (`PolicyLengthConfig` of regorus 0.14.1).
pub(super) const MAX_BYTES: usize = 1_048_576;
/// Lines of one module (the same).
pub(super) const MAX_LINES: usize = 20_000;
/// Columns of one line, a tab counting 4 (the same).
pub(super) const MAX_COLUMNS: u32 = 1_024;
/// Levels of one expression, operators and brackets together: a thread of 2 MiB holds ten times as many in the
/// parser, the interpreter and the drop of the tree (measured with regorus 0.14.1 without optimization).
pub(super) const MAX_LEVELS: u32 = 128;
/// Open brackets: half of what regorus accepts for parentheses (`DEFAULT_MAX_EXPR_DEPTH`, 32).
pub(super) const MAX_BRACKETS: usize = 16;
/// Tokens that the parser reads, when each open list, set or object doubles them: about two seconds (measured with
/// regorus 0.14.1 without optimization: 12 levels take 5 ms).
const MAX_WORK: u64 = 4_000_000;
/// Exponent of a number literal: beyond the largest double (1.8e308) there is none to write.
const MAX_EXPONENT: u32 = 400;

/// Why a source is refused, and where (1-based).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub line: u32,
    pub column: u32,
    pub message: String,
}

/// What the last token was to the expression around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Nothing, a separator or a keyword: an expression starts here.
    Start,
    Operand,
    Operator,
}

struct Scanner<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: u32,
    column: u32,
    /// Of each open bracket, the outermost first: the operators of its expression, whether its content is read twice.
    frames: Vec<(u32, bool)>,
    /// The sum of the operators of `frames` and their number.
    levels: u32,
    /// How many of `frames` are read twice.
    doublings: u32,
    work: u64,
    last: Last,
}

/// Refuses a source that is too long, too wide or too deep, or holds what regorus reads otherwise than it looks.
pub(super) fn check(text: &str) -> Result<(), Refusal> {
    let refuse = |line, message| Err(Refusal { line, column: 1, message });
    if text.len() > MAX_BYTES {
        return refuse(1, format!("the module is longer than {MAX_BYTES} bytes; split it"));
    }
    if text.lines().count() > MAX_LINES {
        return refuse(1, format!("the module has more than {MAX_LINES} lines; split it"));
    }
    for (line, number) in text.lines().zip(1u32..) {
        let columns = line.chars().fold(0u32, |sum, c| sum.saturating_add(if c == '\t' { 4 } else { 1 }));
        if columns > MAX_COLUMNS {
            return refuse(number, format!("the line is wider than {MAX_COLUMNS} columns; break it"));
        }
    }
    Scanner {
        rest: text.chars().peekable(),
        line: 1,
        column: 1,
        frames: vec![(0, false)],
        levels: 1,
        doublings: 0,
        work: 0,
        last: Last::Start,
    }
    .run()
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            self.line = self.line.saturating_add(1);
            self.column = 1;
        } else {
            self.column = self.column.saturating_add(1);
        }
        Some(c)
    }

    fn refusal(&self, message: impl Into<String>) -> Refusal {
        Refusal { line: self.line, column: self.column.saturating_sub(1).max(1), message: message.into() }
    }

    fn run(mut self) -> Result<(), Refusal> {
        while let Some(c) = self.next() {
            match c {
                ' ' | '\t' | '\n' | '\r' => continue,
                '#' => {
                    self.skip_comment()?;
                    continue;
                }
                '\0' => return Err(self.refusal("a NUL character ends the source; remove it")),
                '"' => {
                    self.skip_string()?;
                    self.operand();
                }
                '`' => {
                    self.skip_raw()?;
                    self.operand();
                }
                '(' | '[' | '{' => self.open(c)?,
                ')' | ']' | '}' => self.close(),
                ',' | ';' => self.restart(),
                ':' => {
                    self.restart();
                    if self.rest.peek() == Some(&'=') {
                        self.next();
                    }
                }
                '=' | '<' | '>' | '!' => {
                    let double = self.rest.peek() == Some(&'=');
                    if double {
                        self.next();
                    }
                    if c == '=' && !double { self.restart() } else { self.operator()? }
                }
                '.' | '+' | '-' | '*' | '/' | '%' | '&' | '|' => self.operator()?,
                '0'..='9' => self.number()?,
                'a'..='z' | 'A'..='Z' | '_' => self.word(c)?,
                _ => self.operand(),
            }
            // Brackets are read once as a comprehension and once as what they are, each level again.
            self.work = self.work.saturating_add(1u64.checked_shl(self.doublings).unwrap_or(u64::MAX));
            if self.work > MAX_WORK {
                return Err(self.refusal("too many nested brackets to read; move data into `data.json`"));
            }
        }
        Ok(())
    }

    fn skip_comment(&mut self) -> Result<(), Refusal> {
        while let Some(&c) = self.rest.peek() {
            if c == '\n' {
                break;
            }
            self.next();
            if c == '\0' {
                return Err(self.refusal("a NUL character ends the source; remove it"));
            }
        }
        Ok(())
    }

    fn skip_string(&mut self) -> Result<(), Refusal> {
        while let Some(&c) = self.rest.peek() {
            if c == '\n' {
                break;
            }
            self.next();
            match c {
                '"' => return Ok(()),
                '\\' => drop(self.next()),
                _ => {}
            }
        }
        Err(self.refusal("the string does not end on its line; close it with `\"`"))
    }

    fn skip_raw(&mut self) -> Result<(), Refusal> {
        while let Some(c) = self.next() {
            match c {
                '`' => return Ok(()),
                '\0' => break,
                _ => {}
            }
        }
        Err(self.refusal("the raw string does not end; close it with a backtick"))
    }

    fn number(&mut self) -> Result<(), Refusal> {
        self.digits();
        if self.rest.peek() == Some(&'.') {
            self.next();
            self.digits();
        }
        if matches!(self.rest.peek(), Some('e' | 'E')) {
            self.next();
            if matches!(self.rest.peek(), Some('+' | '-')) {
                self.next();
            }
            if self.digits() > MAX_EXPONENT {
                return Err(
                    self.refusal(format!("the exponent is above {MAX_EXPONENT}; write a smaller number"))
                );
            }
        }
        self.operand();
        Ok(())
    }

    /// Skips digits and gives their value, as far as it fits.
    fn digits(&mut self) -> u32 {
        let mut value = 0u32;
        while let Some(digit) = self.rest.peek().and_then(|c| c.to_digit(10)) {
            value = value.saturating_mul(10).saturating_add(digit);
            self.next();
        }
        value
    }

    fn word(&mut self, first: char) -> Result<(), Refusal> {
        let mut word = String::from(first);
        while let Some(&c) = self.rest.peek() {
            if !(c.is_ascii_alphanumeric() || c == '_') {
                break;
            }
            word.push(c);
            self.next();
        }
        // After a dot every word is a field.
        if self.last == Last::Operator {
            self.operand();
            return Ok(());
        }
        match word.as_str() {
            "in" => self.operator()?,
            "not" | "some" | "every" | "if" | "else" | "with" | "as" | "default" | "import" | "package" => {
                self.restart();
            }
            _ => self.operand(),
        }
        Ok(())
    }

    fn restart(&mut self) {
        if let Some((operators, _)) = self.frames.last_mut() {
            self.levels = self.levels.saturating_sub(*operators);
            *operators = 0;
        }
        self.last = Last::Start;
    }

    fn operand(&mut self) {
        // Two operands in a row: the second starts another statement.
        if self.last == Last::Operand {
            self.restart();
        }
        self.last = Last::Operand;
    }

    fn operator(&mut self) -> Result<(), Refusal> {
        self.deepen()?;
        self.last = Last::Operator;
        Ok(())
    }

    fn deepen(&mut self) -> Result<(), Refusal> {
        if let Some((operators, _)) = self.frames.last_mut() {
            *operators = operators.saturating_add(1);
        }
        self.levels = self.levels.saturating_add(1);
        if self.levels > MAX_LEVELS {
            return Err(self
                .refusal(format!("the expression has more than {MAX_LEVELS} levels; split it into rules")));
        }
        Ok(())
    }

    fn open(&mut self, bracket: char) -> Result<(), Refusal> {
        match (self.last, bracket) {
            (Last::Operand, '{') => self.restart(),
            (Last::Operand, _) => self.deepen()?,
            _ => {}
        }
        let twice = bracket != '(' && self.last != Last::Operand;
        self.frames.push((0, twice));
        self.doublings = self.doublings.saturating_add(u32::from(twice));
        self.levels = self.levels.saturating_add(1);
        self.last = Last::Start;
        if self.frames.len() > MAX_BRACKETS.saturating_add(1) {
            return Err(self.refusal(format!("more than {MAX_BRACKETS} open brackets; split it into rules")));
        }
        Ok(())
    }

    fn close(&mut self) {
        if self.frames.len() > 1
            && let Some((operators, twice)) = self.frames.pop()
        {
            self.levels = self.levels.saturating_sub(operators.saturating_add(1));
            self.doublings = self.doublings.saturating_sub(u32::from(twice));
        }
        self.last = Last::Operand;
    }
}
