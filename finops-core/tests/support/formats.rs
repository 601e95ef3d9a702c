//! Manifests and Terraform files in every manner of writing: what they say is the same, how they say it is drawn.

/// Draws from bytes, so that a failing case shrinks; 0 when they run out.
pub struct Dice<'a>(pub &'a [u8]);

impl Dice<'_> {
    fn roll(&mut self, sides: u8) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first % sides
    }

    fn one_in(&mut self, sides: u8) -> bool {
        self.roll(sides) == sides - 1
    }

    fn pick<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[usize::from(self.roll(u8::try_from(choices.len()).unwrap()))]
    }
}

/// A text in which the value that is sought stands between these two marks.
const MARKS: [char; 2] = ['\u{e000}', '\u{e001}'];

pub fn marked(value: &str) -> String {
    format!("{}{value}{}", MARKS[0], MARKS[1])
}

/// The text without marks, and with another value between them.
pub fn old_and_new(text: &str, new: &str) -> (String, String) {
    let replaced =
        match text.split_once(MARKS[0]).and_then(|(before, rest)| Some((before, rest.split_once(MARKS[1])?)))
        {
            Some((before, (_, after))) => format!("{before}{new}{after}"),
            None => text.to_owned(),
        };
    (text.replace(MARKS, ""), replaced)
}

struct Writer<'a, 'd> {
    dice: &'a mut Dice<'d>,
    out: String,
}

const REMARKS: [&str; 5] =
    ["# why", "#", "# größer – 大", "# {{ no template }}", "#\tresource \"x\" \"y\" { a: b }"];

impl Writer<'_, '_> {
    fn line(&mut self, indent: usize, text: &str) {
        if self.dice.one_in(9) {
            let pad = self.dice.roll(12);
            let remark = self.dice.pick(&REMARKS);
            self.out.push_str(&format!("{}{remark}\n", " ".repeat(pad.into())));
        }
        if self.dice.one_in(11) {
            self.out.push('\n');
        }
        self.out.push_str(&" ".repeat(indent));
        self.out.push_str(text);
        if self.dice.one_in(6) {
            let remark = self.dice.pick(&REMARKS);
            self.out.push_str(&format!(" {remark}"));
        }
        self.out.push('\n');
    }

    fn quoted(&mut self, text: &str) -> String {
        match self.dice.roll(4) {
            2 => format!("\"{text}\""),
            3 => format!("'{text}'"),
            _ => text.to_owned(),
        }
    }

    fn ended(mut self) -> String {
        if self.dice.one_in(4) {
            self.out.truncate(self.out.trim_end().len());
        }
        if self.dice.one_in(3) {
            self.out = self.out.replace('\n', "\r\n");
        }
        if self.dice.one_in(5) {
            self.out.insert(0, '\u{feff}');
        }
        self.out
    }
}

/// What of `resources.requests.cpu` is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Present {
    Value,
    /// `requests` with memory alone.
    Requests,
    /// `requests:` with nothing behind.
    EmptyRequests,
    /// `requests: {}`.
    Braces,
    /// `resources` with limits alone.
    Resources,
    EmptyResources,
    Nothing,
}

/// A Deployment `shop/web` with a container `app`, among other documents.
pub fn manifest(dice: &mut Dice<'_>, present: Present) -> String {
    let mut writer = Writer { dice, out: String::new() };
    let step = [2, 4, 3][usize::from(writer.dice.roll(3))];
    let dash = if writer.dice.one_in(2) { step } else { 0 };
    let others = [
        "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n",
        "# nothing\n",
        "kind: ConfigMap\nmetadata:\n    name: web\ndata:\n    x: |\n        ---\n        kind: Deployment\n    y: >-\n        a\n\n        b\n",
    ];
    for _ in 0..writer.dice.roll(3) {
        let other = writer.dice.pick(&others);
        writer.out.push_str(&format!("---\n{other}"));
    }
    if !writer.out.is_empty() || writer.dice.one_in(2) {
        writer.out.push_str("---\n");
    }
    writer.line(0, "apiVersion: apps/v1");
    let kind = writer.quoted("Deployment");
    writer.line(0, &format!("kind: {kind}"));
    let (name, key) = (writer.quoted("web"), writer.quoted("name"));
    if writer.dice.one_in(3) {
        writer.line(0, &format!("metadata: {{{key}: {name}, namespace: shop}}"));
    } else {
        writer.line(0, "metadata:");
        writer.line(step, &format!("{key}: {name}"));
        writer.line(step, "namespace: shop");
        if writer.dice.one_in(3) {
            writer.line(step, "annotations:");
            writer.line(step * 2, "größe: über # 5");
        }
    }
    writer.line(0, "spec:");
    writer.line(step, "template:");
    writer.line(step * 2, "spec:");
    writer.line(step * 3, "containers:");
    let at = step * 3 + dash;
    if writer.dice.one_in(3) {
        writer.line(at, "- {name: side, resources: {requests: {cpu: 2, memory: 4Gi}}}");
    }
    container(&mut writer, at, step, present);
    if writer.dice.one_in(3) {
        writer.line(at, "- name: other");
    }
    if writer.dice.one_in(3) {
        writer.line(step * 3, "volumes: []");
    }
    if writer.dice.one_in(3) {
        let other = writer.dice.pick(&others);
        writer.out.push_str(&format!("---\n{other}"));
    }
    writer.ended()
}

fn container(writer: &mut Writer<'_, '_>, at: usize, step: usize, present: Present) {
    let inner = at + 2;
    let value = match writer.dice.roll(3) {
        0 => marked("2000m"),
        1 => format!("\"{}\"", marked("2")),
        _ => format!("'{}'", marked("2")),
    };
    let key = writer.quoted("cpu");
    let cpu = format!("{key}: {value}");
    if writer.dice.one_in(4) {
        let resources = match present {
            Present::Value => format!(", resources: {{requests: {{memory: 4Gi, {cpu}}}, limits: {{}}}}"),
            Present::Requests => ", resources: {requests: {memory: 4Gi}}".to_owned(),
            Present::EmptyRequests => ", resources: {requests: , limits: {cpu: 4}}".to_owned(),
            Present::Braces => ", resources: {requests: {}}".to_owned(),
            Present::Resources => ", resources: {limits: {cpu: 4}}".to_owned(),
            Present::EmptyResources => ", resources: {}".to_owned(),
            Present::Nothing => String::new(),
        };
        return writer.line(at, &format!("- {{name: app{resources}}}"));
    }
    writer.line(at, "- name: app");
    match writer.dice.roll(5) {
        1 => {
            writer.line(inner, "args:");
            writer.out.push_str(&format!("{0}- |\n{0}  # text\n{0}  cpu: 2\n", " ".repeat(inner)));
        }
        2 => writer.out.push_str(&format!("{0}note: a plain text\n{0}  over lines\n", " ".repeat(inner))),
        3 => writer
            .out
            .push_str(&format!("{0}note: \"a {{{{ quoted }}}} text\n{0}  over lines\"\n", " ".repeat(inner))),
        _ => {}
    }
    let below = inner + step;
    match present {
        Present::Value | Present::Requests => {
            writer.line(inner, "resources:");
            if writer.dice.one_in(2) {
                writer.line(below, "limits: {cpu: 4}");
            }
            let value = present == Present::Value;
            if writer.dice.one_in(3) {
                let inside = if value { cpu } else { "memory: 4Gi".to_owned() };
                return writer.line(below, &format!("requests: {{{inside}}}"));
            }
            writer.line(below, "requests:");
            let first = writer.dice.one_in(2);
            if value && first {
                writer.line(below + step, &cpu);
            }
            writer.line(below + step, "memory: 4Gi");
            if value && !first {
                writer.line(below + step, &cpu);
            }
        }
        Present::EmptyRequests => {
            writer.line(inner, "resources:");
            writer.line(below, "requests:");
        }
        Present::Braces => {
            writer.line(inner, "resources:");
            writer.line(below, "requests: {}");
        }
        Present::Resources => {
            writer.line(inner, "resources:");
            writer.line(below, "limits:");
            writer.line(below + step, "cpu: 4");
        }
        Present::EmptyResources => writer.line(inner, "resources:"),
        Present::Nothing => {}
    }
    if writer.dice.one_in(3) {
        writer.line(inner, "env: []");
    }
}

/// A node group `workers`, with the value of `desired_size` marked, and a volume `old` among other blocks.
pub fn terraform(dice: &mut Dice<'_>) -> String {
    let mut writer = Writer { dice, out: String::new() };
    let step = [2, 4, 1][usize::from(writer.dice.roll(3))];
    let others = [
        "locals { names = [for name in [\"a\"] : upper(name)] }\n",
        "variable \"x\" {\n\tdefault = 10\n}\n",
        "resource \"aws_instance\" \"web\" {\n  user_data = <<-EOT\n    desired_size = 10\n    }\n  EOT\n}\n",
        "/* resource \"aws_ebs_volume\" \"old\" {\n} */\n",
        "module \"m\" {\n  source = \"./m\"\n}\n",
    ];
    let volume = writer.dice.roll(3);
    for part in 0..4_u8 {
        if writer.dice.one_in(2) {
            let other = writer.dice.pick(&others);
            writer.out.push_str(other);
        }
        if part == 1 {
            node_group(&mut writer, step);
        }
        if part == volume {
            if writer.dice.one_in(3) {
                writer.line(0, "resource \"aws_ebs_volume\" \"old\" { size = 500 }");
            } else {
                writer.line(0, "resource \"aws_ebs_volume\" \"old\" {");
                writer.line(step, "size = 500");
                writer.line(step, "tags = { Name = \"große Daten\" }");
                writer.line(0, "}");
            }
        }
        if writer.dice.one_in(2) {
            writer.out.push('\n');
        }
    }
    writer.ended()
}

fn node_group(writer: &mut Writer<'_, '_>, step: usize) {
    let value = marked("10");
    let equals = writer.dice.pick(&["=", " = ", "\t= ", "   =   ", " = /* now */ "]);
    writer.line(0, "resource \"aws_eks_node_group\" \"workers\" {");
    if writer.dice.one_in(2) {
        writer.line(step, "node_group_name = \"wörkers ${var.name}\"");
    }
    if writer.dice.one_in(3) {
        writer.line(step, &format!("scaling_config {{ desired_size{equals}{value} }}"));
    } else {
        writer.line(step, "scaling_config {");
        writer.line(step * 2, "max_size = 10");
        writer.line(step * 2, &format!("desired_size{equals}{value}"));
        writer.line(step, "}");
    }
    if writer.dice.one_in(2) {
        writer.line(step, "labels = { desired_size = 10 }");
    }
    writer.line(0, "}");
}
