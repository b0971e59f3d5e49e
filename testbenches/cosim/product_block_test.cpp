// SPDX-License-Identifier: Apache-2.0
// product_engine with its buffers against sim/README.md: dot products, sums, products and
// factorisation machines of random shapes, for the dimensions in CMakeLists.txt. Values by plain
// loops over the operator's inputs, every output in every cycle.
#include <algorithm>

#include "Vproduct_zoo.h"
#include "product_members.h"
#include "rtl/gen/image.h"
#include "rtl/gen/layout.h"
#include "testbenches/cosim/engine_member.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

using testing::between;
using testing::EngineAdd;
using testing::EnginePort;
using testing::kProductMembers;
using testing::ProductMember;

constexpr std::size_t kMembers = std::size(kProductMembers);
enum class Mode { kDot, kAdd, kMul, kFm, kIdentity };
constexpr std::array<const char*, 5> kModes{"dot", "add", "mul", "FM", "identity"};

class Member : public testing::EngineMember {
 public:
  Member(std::size_t number, int seed, const std::string& stem)
      : EngineMember({kProductMembers[number].flit_bits, kProductMembers[number].slots,
                      kProductMembers[number].lanes, kProductMembers[number].elements},
                     number, static_cast<std::uint64_t>(seed)),
        dimensions_(kProductMembers[number]),
        mode_(static_cast<Mode>((number + static_cast<std::size_t>(seed)) % kModes.size())) {
    draw();
    Image map(layout::map::kBits);
    for (int e = 0; e < most(); ++e) {
      ImageWord word = map.word();
      word.set(layout::map::kRow, static_cast<std::uint64_t>(e / shape_.lanes));
      word.set(layout::map::kColumn, static_cast<std::uint64_t>(e % shape_.lanes));
      map.add(word);
    }
    map.write(stem + "map.hex");
    write_pairs(stem);
  }
  std::string describe() const override {
    return kModes[static_cast<std::size_t>(mode_)] + std::string(" of ") + std::to_string(rows_) +
           " x " + std::to_string(width_);
  }

 private:
  int most() const { return dimensions_.lanes * dimensions_.rows; }
  int widest() {  // Bits of an element.
    const std::array<int, 3> bits{4, 8, 16};
    return std::min(dimensions_.operand_bits, bits[random_.below(3)]);
  }

  /// rows_ x width_: dot: the matrix; add, mul: inputs x elements; FM: rows x columns.
  void draw() {
    const int elements = dimensions_.elements;
    std::vector<EnginePort> ports;
    switch (mode_) {
      case Mode::kDot: {
        int most_rows = 2;
        while ((most_rows + 1) * most_rows / 2 <= most()) ++most_rows;
        rows_ = between(random_, 2, std::min(most_rows, elements));
        width_ = between(random_, 1, std::min(12, elements / rows_));
        ports = joined(rows_ * width_, widest());
        break;
      }
      case Mode::kFm:
        rows_ = between(random_, 1, std::min(10, elements));
        width_ = between(random_, 1, std::min(most(), elements / rows_));
        ports = joined(rows_ * width_, std::min(8, widest()));
        break;
      case Mode::kMul:
        rows_ = 2;
        width_ = between(random_, 1, std::min(most(), elements / rows_));
        ports = factors();
        break;
      default:
        rows_ = mode_ == Mode::kAdd ? between(random_, 2, 4) : 1;
        width_ = between(random_, 1, std::min(most(), elements / rows_));
        ports = terms();
    }
    const bool dot = mode_ == Mode::kDot;
    outputs_ = dot ? rows_ * (rows_ - 1) / 2 : width_;
    const std::int64_t steps = dot ? width_ : mode_ == Mode::kMul ? 1 : rows_;
    const std::int64_t groups = ceil_div(outputs_, shape_.lanes);
    const bool fm = mode_ == Mode::kFm;
    std::vector<EngineAdd> adds;
    for (std::int64_t g = 0; g < groups; ++g) {
      // The last operands are read in g d + d - 1, their product is registered, then the sum.
      adds.push_back({(g + 1) * steps + (fm ? 3 : 1), static_cast<int>(g)});
    }
    settings_ = {static_cast<std::uint32_t>(groups - 1),
                 static_cast<std::uint32_t>(steps),
                 static_cast<std::uint32_t>(dot ? 1 : width_),
                 mode_ == Mode::kAdd || mode_ == Mode::kIdentity ? 1U : 0U,
                 fm ? 1U : 0U,
                 0};
    prepare(ports, groups * steps, groups * steps + (fm ? 5 : 3), adds);
  }

  /// What a concatenation brings: up to three ports of the same sign, elements that none brings.
  std::vector<EnginePort> joined(int elements, int bits) {
    const bool is_signed = random_.below(2) == 0;
    std::vector<EnginePort> ports;
    int first = 0;
    const int count = std::min(elements, between(random_, 1, 3));
    for (int p = 0; p < count; ++p) {
      const int left = elements - first - (count - 1 - p);
      EnginePort port{first, between(random_, 1, left), bits, is_signed};
      if (p > 0 && bits == 8 && random_.below(2) == 0) port.bits = 4;
      port.shifted = port.bits < bits;
      ports.push_back(port);
      first += port.elements;
    }
    return ports;
  }
  /// Of a sum: formats as of a concatenation; at times one of them twice.
  std::vector<EnginePort> terms() {
    const bool is_signed = random_.below(2) == 0;
    const int bits = widest();
    std::vector<EnginePort> ports;
    for (int p = 0; p < rows_; ++p) {
      EnginePort port{p * width_, width_, bits, is_signed};
      if (p == 1 && random_.below(2) == 0) {
        port.same_as = 0;
      } else if (p > 0 && bits == 8 && random_.below(2) == 0) {
        port.bits = 4;
      }
      port.shifted = port.bits < bits;
      ports.push_back(port);
    }
    return ports;
  }
  /// Of a product: formats of their own; 16 unsigned bits by 8 signed ones where there is room.
  std::vector<EnginePort> factors() {
    if (dimensions_.operand_bits == 16) {
      return {{0, width_, 16, false}, {width_, width_, 8, true}};
    }
    return {{0, width_, widest(), random_.below(2) == 0},
            {width_, width_, widest(), random_.below(2) == 0}};
  }

  void write_pairs(const std::string& stem) const {
    Image image(shape_.lanes * layout::pair::kBits);
    std::vector<std::pair<int, int>> pairs;
    if (mode_ == Mode::kDot) {
      for (int a = 1; a < rows_; ++a) {
        for (int b = 0; b < a; ++b) pairs.emplace_back(a * width_, b * width_);
      }
    } else {
      for (int k = 0; k < width_; ++k) pairs.emplace_back(k, mode_ == Mode::kMul ? width_ + k : 0);
    }
    for (std::size_t p = 0; p < pairs.size(); p += static_cast<std::size_t>(shape_.lanes)) {
      ImageWord word = image.word();
      for (int l = 0; l < shape_.lanes; ++l) {
        const std::size_t at = p + static_cast<std::size_t>(l);
        if (at >= pairs.size()) break;
        word.set(layout::pair::kA, static_cast<std::uint64_t>(pairs[at].first),
                 l * layout::pair::kBits);
        word.set(layout::pair::kB, static_cast<std::uint64_t>(pairs[at].second),
                 l * layout::pair::kBits);
      }
      image.add(word);
    }
    image.write(stem + "pairs.hex");
  }

  /// Operands of 16 bits may pass the 32 bits that the engine keeps, which then wrap.
  std::vector<std::uint32_t> compute(const std::vector<std::int32_t>& x) const override {
    std::vector<std::uint32_t> out;
    const auto at = [&](int row, int column) {
      return std::int64_t{x[static_cast<std::size_t>(row * width_ + column)]};
    };
    if (mode_ == Mode::kDot) {
      for (int a = 1; a < rows_; ++a) {
        for (int b = 0; b < a; ++b) {
          std::int64_t sum = 0;
          for (int j = 0; j < width_; ++j) sum += at(a, j) * at(b, j);
          out.push_back(static_cast<std::uint32_t>(sum));
        }
      }
      return out;
    }
    for (int k = 0; k < width_; ++k) {
      std::int64_t sum = 0;
      std::int64_t squares = 0;
      for (int r = 0; r < rows_; ++r) {
        sum += at(r, k);
        squares += at(r, k) * at(r, k);
      }
      if (mode_ == Mode::kFm) sum = sum * sum - squares;
      if (mode_ == Mode::kMul) sum = at(0, k) * at(1, k);
      out.push_back(static_cast<std::uint32_t>(sum));
    }
    return out;
  }

  ProductMember dimensions_;
  Mode mode_;
  int rows_ = 1, width_ = 1, outputs_ = 1;
};

class ProductZoo : public ::testing::TestWithParam<int> {};

TEST_P(ProductZoo, SumsInTheirCycles) {
  const testing::ZooFolder folder("product_zoo");
  std::vector<std::unique_ptr<Member>> members;
  for (std::size_t m = 0; m < kMembers; ++m) {
    members.push_back(std::make_unique<Member>(m, GetParam(), folder.stem(m)));
  }
  testing::run_engines<Vproduct_zoo>(members, folder.path(), GetParam(), testing::kZooCycles / 2);
  for (const auto& member : members) {
    EXPECT_GT(member->finished(), 20) << member->describe();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ProductZoo, ::testing::Range(0, 15));

}  // namespace
}  // namespace recpim
