// Gives the precompiled-header targets something to compile.
namespace belfry {}
