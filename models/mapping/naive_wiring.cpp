// SPDX-License-Identifier: Apache-2.0
// What flows between the tiles of a naive mapping.
#include <algorithm>

#include "models/mapping/naive_mapper.h"

namespace recpim {

void NaiveMapper::find_homes() {
  homes_.resize(model_.operators.size());
  for (int t = 0; t < static_cast<int>(design_.tiles.size()); ++t) {
    for (const OutputRun& run : output_runs(model_, tile(t))) {
      homes_[static_cast<std::size_t>(run.op)].push_back({t, run.first, run.elements, run.offset});
    }
  }
  for (auto& homes : homes_) {
    std::sort(homes.begin(), homes.end(),
              [](const Home& a, const Home& b) { return a.first < b.first; });
  }
}

/// The packets that bring a slice of an input vector: one a run that is consecutive in one producer
/// and at the consumer.
std::vector<NaiveMapper::Piece> NaiveMapper::pieces(const std::vector<Segment>& segments,
                                                    const InputSlice& slice) const {
  std::vector<Piece> out;
  for (const Segment& segment : segments) {
    for (const Home& home : homes_[static_cast<std::size_t>(segment.op)]) {
      const int at = segment.at + home.first;  // Of the home's first element, in the vector.
      const int low = std::max(at, slice.first);
      const int high = std::min(at + home.elements, slice.first + slice.elements);
      if (low >= high) continue;
      const Piece piece{home.tile, home.offset + low - at, high - low, low - slice.first,
                        segment.shift};
      if (!out.empty() && out.back().tile == piece.tile && out.back().shift == piece.shift &&
          out.back().first + out.back().elements == piece.first &&
          out.back().at + out.back().elements == piece.at) {
        out.back().elements += piece.elements;
      } else {
        out.push_back(piece);
      }
    }
  }
  return out;
}

void NaiveMapper::connect(int from, int first, int to, const Port& port) {
  Port here = port;
  here.tile = from;
  here.send = static_cast<int>(tile(from).sends.size());
  tile(from).sends.push_back({to, static_cast<int>(tile(to).ports.size()), first, port.elements});
  tile(to).ports.push_back(here);
}

/// Of what a tile sends to input ports. All tables of an embedding tile have one format.
TensorFormat NaiveMapper::format_of(int t) const {
  const Tile& from = design_.tiles[static_cast<std::size_t>(t)];
  return op(output_runs(model_, from).at(0).op).output;
}

void NaiveMapper::wire(int t) {
  const TileKind kind = tile(t).kind;
  std::vector<Segment> segments;
  InputSlice slice;
  if (kind == TileKind::kHost) {
    segments = prediction_segments(model_);
    slice = {0, model_.output().elements()};
  } else if (kind == TileKind::kEmbedding) {
    Port lookups;
    lookups.element_bits = 32;
    connect(0, 0, t, lookups);
  } else {
    segments = input_segments(model_, tile(t).op);
    slice = input_slice(tile(t));
  }
  for (const Piece& piece : pieces(segments, slice)) {
    const TensorFormat format = format_of(piece.tile);
    Port port;
    port.first_element = piece.at;
    port.elements = piece.elements;
    port.element_bits = format.bits;
    port.is_signed = format.is_signed;
    port.shift = piece.shift;
    connect(piece.tile, piece.first, t, port);
  }
  if (tile(t).inputs() == 0) {
    does_not_fit(place_of(tile(t).op), "a tile for inputs that are all padding",
                 "a part of an operator that has an input");
  }
  if (kind == TileKind::kHost || tile(t).raw) return;
  // A home: the raw parts follow it, up to the next home.
  for (int p = t + 1; p < static_cast<int>(design_.tiles.size()); ++p) {
    if (tile(p).op != tile(t).op || !tile(p).raw) break;
    Port sums;
    sums.partial = true;
    sums.elements = tile(p).outputs;
    sums.element_bits = 32;
    connect(p, 0, t, sums);
  }
}

}  // namespace recpim
