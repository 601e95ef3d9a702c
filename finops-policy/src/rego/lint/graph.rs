//! Which rule needs which: cycles, depth, rules that nothing reads.

use super::index::{Index, Literal, Target};
use super::walk::Uses;
use std::collections::BTreeMap;

/// Rules in one chain; regorus recurses once a rule and has no limit of its own.
pub const MAX_DEPTH: usize = 64;

/// The rules and, above them, every path that leads to several rules (`data.finops`, `data`).
pub struct Graph {
    /// Of each node what it needs, sorted. The rules come first, numbered as in the index.
    needs: Vec<Vec<usize>>,
    rules: usize,
}

impl Graph {
    /// `uses[i]` belongs to the definitions of rule `i`.
    pub fn new(index: &Index<'_>, uses: &[Vec<Uses<'_>>]) -> Self {
        let rules = index.rules.len();
        let mut paths: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
        let mut needs: Vec<Vec<usize>> = vec![Vec::new(); rules];
        // Every proper beginning of a rule's path is a node that needs what lies below it.
        for (number, rule) in index.rules.iter().enumerate() {
            let mut below = number;
            for length in (0..rule.path.len()).rev() {
                let path: Vec<&str> = rule.path.iter().take(length).map(String::as_str).collect();
                let node = *paths.entry(path).or_insert_with(|| {
                    needs.push(Vec::new());
                    needs.len().saturating_sub(1)
                });
                if let Some(list) = needs.get_mut(node) {
                    list.push(below);
                }
                below = node;
            }
        }
        let node = |steps: &[Literal]| {
            if let Some((rule, _)) = index.rule_at(steps) {
                return Some(rule);
            }
            let path: Vec<&str> = steps.iter().map(Literal::text).collect();
            paths.get(&path).copied()
        };
        for (number, definitions) in uses.iter().enumerate() {
            let references = definitions.iter().flat_map(|uses| uses.references.iter().map(|u| &u.target));
            let calls = definitions.iter().flat_map(|uses| uses.calls.iter().map(|call| &call.target));
            let targets = references.chain(calls).filter_map(|target| match target {
                Some(Target::Data(steps, _)) => node(steps),
                _ => None,
            });
            let targets: Vec<usize> = targets.collect();
            if let Some(list) = needs.get_mut(number) {
                list.extend(targets);
            }
        }
        for list in &mut needs {
            list.sort_unstable();
            list.dedup();
        }
        Self { needs, rules }
    }

    fn of(&self, node: usize) -> &[usize] {
        self.needs.get(node).map_or(&[], Vec::as_slice)
    }

    /// Every node after all nodes that it needs, unless they lie on a cycle; without recursion.
    fn order(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.needs.len());
        let mut seen = vec![false; self.needs.len()];
        for start in 0..self.needs.len() {
            let mut stack = vec![(start, 0usize)];
            while let Some((node, next)) = stack.pop() {
                if next == 0 {
                    match seen.get_mut(node) {
                        Some(seen) if !*seen => *seen = true,
                        _ => continue,
                    }
                }
                match self.of(node).get(next) {
                    Some(&needed) => {
                        stack.push((node, next.saturating_add(1)));
                        stack.push((needed, 0));
                    }
                    None => order.push(node),
                }
            }
        }
        order
    }

    /// The rules of each cycle, sorted; the cycles by their first rule (Kosaraju, without recursion).
    pub fn cycles(&self) -> Vec<Vec<usize>> {
        let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); self.needs.len()];
        for (node, needs) in self.needs.iter().enumerate() {
            for &needed in needs {
                if let Some(list) = needed_by.get_mut(needed) {
                    list.push(node);
                }
            }
        }
        let mut taken = vec![false; self.needs.len()];
        let mut cycles = Vec::new();
        for &start in self.order().iter().rev() {
            let mut component = Vec::new();
            let mut stack = vec![start];
            while let Some(node) = stack.pop() {
                match taken.get_mut(node) {
                    Some(taken) if !*taken => *taken = true,
                    _ => continue,
                }
                component.push(node);
                stack.extend(needed_by.get(node).into_iter().flatten());
            }
            if component.len() > 1 || component.iter().any(|node| self.of(*node).contains(node)) {
                component.retain(|node| *node < self.rules);
                component.sort_unstable();
                cycles.push(component);
            }
        }
        cycles.retain(|cycle| !cycle.is_empty());
        cycles.sort();
        cycles
    }

    /// The chain of rules that weighs most, the first of it first, and its weight. Only without cycles.
    pub fn heaviest_chain(&self, weight: impl Fn(usize) -> usize) -> (Vec<usize>, usize) {
        // Of each node the length of its longest chain, and the next node of it.
        let mut best: Vec<(usize, Option<usize>)> = vec![(0, None); self.needs.len()];
        for node in self.order() {
            let length = |next: usize| best.get(next).map_or(0, |(length, _)| *length);
            let next =
                self.of(node).iter().copied().max_by_key(|next| (length(*next), std::cmp::Reverse(*next)));
            let own = if node < self.rules { weight(node) } else { 0 };
            let value = (next.map_or(0, length).saturating_add(own), next);
            if let Some(place) = best.get_mut(node) {
                *place = value;
            }
        }
        let longest = (0..self.needs.len())
            .max_by_key(|node| (best.get(*node).map_or(0, |(length, _)| *length), std::cmp::Reverse(*node)));
        let weighs = longest.and_then(|node| best.get(node)).map_or(0, |(length, _)| *length);
        let mut chain = Vec::new();
        let mut at = longest;
        while let Some(node) = at {
            if node < self.rules {
                chain.push(node);
            }
            at = best.get(node).and_then(|(_, next)| *next);
        }
        (chain, weighs)
    }

    /// Of each rule whether another rule reads it, directly or as part of what lies above it.
    pub fn read(&self) -> Vec<bool> {
        let mut read = vec![false; self.needs.len()];
        let others = (0..self.rules).flat_map(|rule| self.of(rule).iter().filter(move |n| **n != rule));
        let mut stack: Vec<usize> = others.copied().collect();
        while let Some(node) = stack.pop() {
            match read.get_mut(node) {
                Some(read) if !*read => *read = true,
                _ => continue,
            }
            if node >= self.rules {
                stack.extend(self.of(node));
            }
        }
        read.truncate(self.rules);
        read
    }
}
