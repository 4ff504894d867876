use hatchery_engine::Evaluator;
use hatchery_kernels::int8::ZeroMean;
use hatchery_kernels::int8::noise::Table;
use serde::Deserialize;

use super::*;
use crate::language::Sampler;

fn corpus(bytes: &[u8]) -> Corpus {
    Corpus { bytes: bytes.into(), train: 0..bytes.len(), validation: 0..bytes.len(), test: 0..0 }
}

fn small() -> Model {
    Model { width: 16, depth: 2, zero: ZeroMean::One }
}

/// A population of so many pairs around fresh parameters.
fn population(model: &Model, generation: u32, pairs: u32, noise: Int8Noise) -> Int8Perturbed {
    let carried = Arc::new(vec![0; 2 * pairs as usize * model.state_len()]);
    let centre = Arc::new(model.init(5));
    Int8Perturbed::new(generation, centre, noise, 4, (pairs, pairs), carried)
}

#[derive(Deserialize)]
struct Golden {
    origin: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    width: usize,
    depth: usize,
    zero: String,
    seed: u64,
    generation: u32,
    text: Vec<u8>,
    members: Vec<Member>,
    last_logits: Vec<i8>,
    log_likelihood: i64,
}

#[derive(Deserialize)]
struct Member {
    log_likelihood: f32,
    state: Vec<i8>,
}

/// The whole model, both signs of noise, carried states and the centre alone, as a plain script has them.
#[test]
fn golden_passes_of_a_plain_script_agree_to_the_bit() {
    let golden: Golden =
        serde_json::from_str(include_str!("../../../tests/golden/egg.json")).expect("JSON");
    assert!(golden.origin.contains("make_egg.py"));
    for case in golden.cases {
        let zero = if case.zero == "one" { ZeroMean::One } else { ZeroMean::Reference };
        let model = Model { width: case.width, depth: case.depth, zero };
        let mut centre = Int8Params::zeros(model.layout());
        for (j, value) in centre.values.iter_mut().enumerate() {
            *value = ((j * (j % 13 + 7) + 3) % 61) as i8 - 30;
        }
        let table = (0..4096).map(|i| ((37 * i + 11) % 95 - 47) as i8).collect();
        let noise = Int8Noise::Table(Arc::new(Table::of(table, case.seed)));
        let mut population = population(&model, 0, 2, noise);
        population.centre = Arc::new(centre);
        population.noise_generation = case.generation;
        let tokens = case.text.len() - 1;
        let task = ByteLm::try_new(model, corpus(&case.text), tokens, 4).expect("long enough");
        let mut fitness = [0.0; 4];
        task.evaluate(&population, 0..4, &Backend::cpu(), &mut fitness).expect("it can");
        let ended = population.carry();
        let mut ended = ended.chunks_exact(model.state_len());
        for (member, fitness) in case.members.iter().zip(fitness) {
            assert_eq!(fitness, member.log_likelihood, "width {}", case.width);
            assert_eq!(ended.next(), Some(&member.state[..]));
        }
        let alone = score(&model, &population.centre, &case.text, 1);
        assert_eq!(alone.log_likelihood, case.log_likelihood);
        let mut sampler = Sampler::new(model, &population.centre);
        // A fresh sampler has read one zero, at which the model forgets: begin behind one.
        let behind = case.text[..tokens].iter().rposition(|&b| b == 0).expect("there is one");
        case.text[behind..tokens].iter().for_each(|&byte| sampler.read(byte));
        assert_eq!(sampler.logits()[..], case.last_logits[..]);
    }
}

#[test]
fn fitness_and_states_do_not_depend_on_batches_or_threads() {
    let model = small();
    let text: Vec<u8> = (0..3000u32).map(|i| (i * i % 251) as u8).collect();
    let task = ByteLm::try_new(model, corpus(&text), 10, 2).expect("long enough");
    let evaluate = |batch: usize, threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let population = population(&model, 3, 9, Int8Noise::counter(4));
        let evaluator = Evaluator::new(Backend::cpu()).with_batch(batch);
        let fitness = pool.install(|| evaluator.evaluate(&task, &population)).expect("it can");
        (fitness.values, population.carry())
    };
    let one = evaluate(1, 1);
    assert!(one.0.iter().all(|f| f.fract() == 0.0 && *f < 0.0));
    for (batch, threads) in [(2, 2), (3, 1), (18, 1), (5, 3)] {
        assert_eq!(evaluate(batch, threads), one, "batch {batch}, {threads} threads");
    }
}

#[test]
fn carried_states_are_those_of_one_long_read() {
    let model = small();
    let text: Vec<u8> = (0..400u32).map(|i| (i * 7 % 64) as u8).collect();
    let silence = || Int8Noise::Table(Arc::new(Table::of(vec![0; 1024], 0)));
    let task = ByteLm::try_new(model, corpus(&text), 20, 2).expect("long enough");
    let mut carried = Arc::new(vec![0; 4 * model.state_len()]);
    let mut total = [0.0; 4];
    for generation in 0..8 {
        let mut now = population(&model, generation, 2, silence());
        now.carried = carried;
        let mut fitness = [0.0; 4];
        task.evaluate(&now, 0..4, &Backend::cpu(), &mut fitness).expect("it can");
        total.iter_mut().zip(fitness).for_each(|(sum, f)| *sum += f64::from(f));
        carried = Arc::new(now.carry());
    }
    // Two streams of 200 bytes; each pair has read the first 160 of one.
    let long = |from: usize| {
        score(&model, &model.init(5), &text[from..from + 161], 1).log_likelihood as f64
    };
    assert_eq!(total, [long(0), long(0), long(200), long(200)]);
}

#[test]
fn a_stream_that_is_exhausted_begins_again_and_groups_share_one() {
    let text: Vec<u8> = (0..30).collect();
    let task = ByteLm::try_new(small(), corpus(&text), 4, 4).expect("long enough");
    assert_eq!(task.read(1, 3, 2), (vec![18, 19, 10, 11], vec![19, 20, 11, 12]));
    assert_eq!((task.streams(12), task.streams(4)), (3, 1));
}

#[test]
fn parallel_streams_score_as_each_stream_alone() {
    let model = small();
    let centre = model.init(2);
    let text: Vec<u8> = (0..1000u32).map(|i| (i * i % 250) as u8).collect();
    let together = score(&model, &centre, &text, 7);
    let pieces = text.chunks(143).map(|piece| score(&model, &centre, piece, 1));
    let sums = pieces.fold((0, 0), |s, p| (s.0 + p.log_likelihood, s.1 + p.tokens));
    assert_eq!((together.log_likelihood, together.tokens), sums);
    assert_eq!(together.tokens, 1000 - 7);
    // A short text is one sequence, however many are asked for.
    assert_eq!(score(&model, &centre, &text[..60], 1024).tokens, 59);
}

#[test]
fn short_texts_are_refused_in_words() {
    let error = ByteLm::try_new(small(), corpus(b"x"), 4, 2).expect_err("too short");
    assert!(error.to_string().contains("the training part has 1 bytes"), "{error}");
}
