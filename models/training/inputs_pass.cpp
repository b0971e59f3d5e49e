// SPDX-License-Identifier: Apache-2.0
// Dense features and embeddings.
#include "models/training/fake_quantise.h"
#include "models/training/passes.h"

namespace recpim {
namespace {

// The lookups of sample `s` of the chunk in an operator's table.
struct Bag {
  const std::uint32_t *first, *last;
};

class Table {
 public:
  Table(const Tape& tape, const Operator& op)
      : offsets_(tape.batch->chunk->offsets[static_cast<std::size_t>(op.table)]),
        indices_(tape.batch->chunk->indices[static_cast<std::size_t>(op.table)]) {}
  Bag bag(std::uint32_t s) const {
    return {indices_.data() + offsets_[s], indices_.data() + offsets_[s + 1]};
  }
  std::size_t lookups(const Tape& tape) const {
    std::size_t count = 0;
    for (const std::uint32_t s : tape.batch->samples) count += offsets_[s + 1] - offsets_[s];
    return count;
  }

 private:
  const std::vector<std::uint64_t>& offsets_;
  const std::vector<std::uint32_t>& indices_;
};

void look_up(const Tape& tape, const Table& table, Lookups& lookups) {
  lookups.rows.clear();
  lookups.place.clear();
  for (const std::uint32_t s : tape.batch->samples) {
    const Bag bag = table.bag(s);
    for (const std::uint32_t* row = bag.first; row < bag.last; ++row) {
      std::int32_t& slot = lookups.slot[*row];
      if (slot < 0) {
        slot = static_cast<std::int32_t>(lookups.rows.size());
        lookups.rows.push_back(*row);
      }
      lookups.place.push_back(slot);
    }
  }
  for (const std::uint32_t row : lookups.rows) lookups.slot[row] = -1;
}

// The sums of rows of `weight`: of the table, or of Lookups::rows.
void pool(const Tape& tape, const Node& node, const Table& table, bool by_place) {
  const auto width = static_cast<Index>(node.op->width);
  const std::int32_t* place = tape.lookups[node.lookups].place.data();
  float* out = node.value;
  for (const std::uint32_t s : tape.batch->samples) {
    const Bag bag = table.bag(s);
    std::fill(out, out + width, 0.0F);
    for (const std::uint32_t* row = bag.first; row < bag.last; ++row, ++place) {
      const Index from = by_place ? Index{*place} : Index{*row};
      const float* weight = node.weight + from * width;
      for (Index i = 0; i < width; ++i) out[i] += weight[i];
    }
    out += width;
  }
}

}  // namespace

void forward_dense(Tape& tape, Node& node) {
  float* to = node.value;
  for (const std::uint32_t s : tape.batch->samples) {
    const float* from = tape.batch->chunk->dense.data() + Index{s} * node.elements;
    to = std::copy(from, from + node.elements, to);
  }
  round_output(tape, node);
}

void forward_embeddings(Tape& tape) {
  struct Task {
    Node* node;
    float *rows, *clip;
  };
  std::vector<Task> tasks;
  for (Node& node : tape.nodes) {
    if (node.op->kind != OpKind::kEmbedding) continue;
    Task task{&node, nullptr, nullptr};
    if (tape.fake_quantised) {
      const auto most = static_cast<Index>(Table(tape, *node.op).lookups(tape));
      task.rows = tape.take(most * node.op->width);
      task.clip = tape.take(1);
    }
    tasks.push_back(task);
  }
  tape.team.run(tasks.size(), [&](std::size_t t, int) {
    Node& node = *tasks[t].node;
    const Table table(tape, *node.op);
    look_up(tape, table, tape.lookups[node.lookups]);
    node.weight = node.op->weight.data();
    if (tape.fake_quantised) round_table_rows(tape, node, tasks[t].rows, tasks[t].clip);
    pool(tape, node, table, tape.fake_quantised);
  });
  for (const Task& task : tasks) round_output(tape, *task.node);
}

void backward_embeddings(Tape& tape, std::vector<Gradient>& gradients) {
  std::vector<std::size_t> tasks;
  for (std::size_t p = 0; p < tape.nodes.size(); ++p) {
    Node& node = tape.nodes[p];
    if (node.op->kind != OpKind::kEmbedding) continue;
    mask_gradient(tape, node);
    const Lookups& lookups = tape.lookups[node.lookups];
    const auto rows = static_cast<Index>(lookups.rows.size());
    new (&gradients[p].weight)
        Eigen::Map<Matrix>(tape.take(rows * node.op->width), rows, node.op->width);
    tasks.push_back(p);
  }
  tape.team.run(tasks.size(), [&](std::size_t t, int) {
    const Node& node = tape.nodes[tasks[t]];
    const Lookups& lookups = tape.lookups[node.lookups];
    Gradient& gradient = gradients[tasks[t]];
    gradient.rows = lookups.rows;
    gradient.weight.setZero();
    const Table table(tape, *node.op);
    const auto width = static_cast<Index>(node.op->width);
    const std::int32_t* place = lookups.place.data();
    const float* from = node.gradient;
    for (const std::uint32_t s : tape.batch->samples) {
      const Bag bag = table.bag(s);
      for (const std::uint32_t* row = bag.first; row < bag.last; ++row, ++place) {
        float* to = gradient.weight.data() + Index{*place} * width;
        for (Index i = 0; i < width; ++i) to[i] += from[i];
      }
      from += width;
    }
    if (node.clip == nullptr) return;
    for (std::size_t r = 0; r < lookups.rows.size(); ++r) {
      tape.kernels->mask(gradient.weight.data() + static_cast<Index>(r) * width,
                         node.op->weight.data() + Index{lookups.rows[r]} * width, width,
                         -*node.clip, *node.clip);
    }
  });
}

}  // namespace recpim
